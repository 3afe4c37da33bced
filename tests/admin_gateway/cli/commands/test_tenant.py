"""`couponctl tenant`, `key` and `token`."""

from __future__ import annotations

import re
import time

import jwt
import pytest

from coupon_core import bootstrap
from coupon_core.domain.models import Refused, Scope, utc_now
from coupon_core.security import authentication
from tests.support.cli_runner import CouponctlRunner
from tests.support.settings import build_settings

MONTH_SECONDS = 30 * 86_400


@pytest.fixture
def database(database_url: str) -> None:
    """Start the core in this process on the same database."""
    bootstrap.start(build_settings(database_url))


def authenticate(api_key: str) -> tuple[str, frozenset[Scope]]:
    """Return the tenant and the scopes of an API key."""
    principal = authentication.authenticate_admin(api_key, None, utc_now())
    return principal.tenant_id, principal.scopes


def test_a_new_tenant_is_told_with_exactly_its_credentials(
    cli: CouponctlRunner,
) -> None:
    created = cli.create_tenant("acme")
    assert list(created) == ["tenant_id", "tenant_secret", "api_key_id", "api_key"]
    assert created["tenant_id"] == "acme"
    assert len(created["tenant_secret"]) >= 32


def test_a_new_tenants_key_may_do_everything(
    cli: CouponctlRunner, database: None
) -> None:
    assert authenticate(cli.create_tenant()["api_key"]) == ("acme", frozenset(Scope))


def test_a_tenant_is_made_once(cli: CouponctlRunner) -> None:
    cli.create_tenant()
    assert (
        cli.expect_refusal("tenant", "create", "acme", status=5)
        == "This tenant exists already"
    )
    assert cli.json("tenant", "list")["total"] == 1


@pytest.mark.parametrize("word", ["validate", "Tenants"])
def test_a_word_of_the_paths_is_no_tenant(cli: CouponctlRunner, word: str) -> None:
    assert "part of the gateways' paths" in cli.expect_refusal(
        "tenant", "create", word, status=2
    )


def test_tenants_are_listed_by_id(cli: CouponctlRunner) -> None:
    for name in ("globex", "acme"):
        cli.create_tenant(name)
    listed = cli.json("tenant", "list", "--limit", "1", "--offset", "1")
    assert [row["tenant_id"] for row in listed["tenants"]] == ["globex"]
    assert listed["total"] == 2


def test_a_rotated_secret_signs_and_the_old_one_still_does(
    cli: CouponctlRunner, database: None
) -> None:
    old_secret = cli.create_tenant()["tenant_secret"]
    new_secret = cli.json("tenant", "rotate-secret", "acme")["tenant_secret"]
    token = cli.json("token", "mint", "--tenant", "acme", "--user", "u")["token"]
    jwt.decode(token, new_secret, algorithms=["HS256"])
    claims = {
        "sub": "u",
        "sub_type": "tenant",
        "sub_id": "acme",
        "exp": time.time() + 600,
    }
    signed = jwt.encode(claims, old_secret, algorithm="HS256")
    assert authentication.authenticate_tenant_token(signed, utc_now()).user_id == "u"


def test_a_minted_token_has_the_documented_claims(cli: CouponctlRunner) -> None:
    secret = cli.create_tenant()["tenant_secret"]
    words = "token", "mint", "--tenant", "acme", "--user", "user_1", "--ttl", "600"
    answer = cli.json(*words)
    assert list(answer) == ["token"]
    assert jwt.get_unverified_header(answer["token"])["alg"] == "HS256"
    claims = jwt.decode(answer["token"], secret, algorithms=["HS256"])
    lifetime_seconds = claims.pop("exp") - claims["iat"]
    assert lifetime_seconds == 600
    assert abs(claims.pop("iat") - time.time()) < 30
    assert claims == {"sub": "user_1", "sub_type": "tenant", "sub_id": "acme"}


def test_a_token_for_the_server_speaks_for_every_user(
    cli: CouponctlRunner, database: None
) -> None:
    cli.create_tenant()
    token = cli.json("token", "mint", "--tenant", "acme", "--for-server")["token"]
    assert authentication.authenticate_tenant_token(token, utc_now()).user_id is None


def test_the_longest_token_is_one_that_is_accepted(
    cli: CouponctlRunner, database: None
) -> None:
    cli.create_tenant()
    words = "token", "mint", "--tenant", "acme", "--user", "u", "--ttl"
    token = cli.json(*words, str(MONTH_SECONDS))["token"]
    assert authentication.authenticate_tenant_token(token, utc_now()).user_id == "u"
    assert "--ttl" in cli.expect_usage_error(*words, str(MONTH_SECONDS + 1))


@pytest.mark.parametrize("who", [(), ("--user", "u", "--for-server")])
def test_a_token_is_for_a_user_or_the_server(
    cli_without_tables: CouponctlRunner, who: tuple[str, ...]
) -> None:
    cli_without_tables.run("db", "upgrade")
    message = cli_without_tables.expect_usage_error(
        "token", "mint", "--tenant", "acme", *who
    )
    assert "either --user or --for-server" in message


def test_there_is_no_token_of_an_unknown_tenant(cli: CouponctlRunner) -> None:
    words = "token", "mint", "--tenant", "nobody", "--user", "u"
    assert 'Tenant "nobody" not found' in cli.expect_refusal(*words, status=4)


def test_a_key_has_the_scopes_and_the_expiry_that_were_asked_for(
    cli: CouponctlRunner, database: None
) -> None:
    cli.create_tenant()
    words = "--name", "crm", "--scope", "read", "--scope", "coupons"
    expiry = "--expires", "2099-01-31T12:00:00+01:00"
    created = cli.json("key", "create", "--tenant", "acme", *words, *expiry)
    assert authenticate(created["api_key"]) == ("acme", {Scope.READ, Scope.COUPONS})
    assert created["expires_at"] == "2099-01-31T11:00:00Z"


def test_a_key_without_scopes_named_may_do_everything(
    cli: CouponctlRunner, database: None
) -> None:
    cli.create_tenant()
    created = cli.json("key", "create", "--tenant", "acme", "--name", "all")
    assert authenticate(created["api_key"])[1] == frozenset(Scope)


def test_listed_keys_hold_no_secret(cli: CouponctlRunner) -> None:
    api_key = cli.create_tenant()["api_key"]
    result = cli.run("key", "list", "--tenant", "acme", "--json")
    assert '"name": "first key"' in result.stdout
    assert api_key not in result.stdout


def test_a_revoked_key_is_worthless(cli: CouponctlRunner, database: None) -> None:
    created = cli.create_tenant()
    cli.json("key", "revoke", "--tenant", "acme", created["api_key_id"])
    with pytest.raises(Refused):
        authenticate(created["api_key"])


def test_a_key_that_has_expired_already_is_refused_as_over_http(
    cli: CouponctlRunner,
) -> None:
    cli.create_tenant()
    words = "--name", "late", "--expires", "2020-01-01T00:00:00Z"
    message = cli.expect_refusal("key", "create", "--tenant", "acme", *words, status=2)
    assert message == (
        "Invalid --expires: 2020-01-01T00:00:00Z is in the past; "
        "expected a time in the future."
    )


def test_secrets_go_to_stdout_and_the_warning_to_stderr(cli: CouponctlRunner) -> None:
    result = cli.run("tenant", "create", "acme")
    assert re.search(r"^tenant_secret +ts_\S+$", result.stdout, re.MULTILINE)
    assert result.stderr == (
        "Store the tenant secret and the API key now; they are not shown again.\n"
    )
