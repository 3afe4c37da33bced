"""Tenants, keys and tokens from a shell."""

from __future__ import annotations

import re
import time

import jwt
import pytest

from coupon_core import bootstrap
from coupon_core.domain.models import Refused, Scope, utc_now
from coupon_core.security import authentication
from tests.settings import settings_for
from tests.shells import Shell

MONTH = 30 * 86_400


@pytest.fixture
def database(database_url: str) -> None:
    """What the shell has done is seen by the core in this process too."""
    bootstrap.start(settings_for(database_url))


def caller(api_key: str) -> tuple[str, frozenset[Scope]]:
    """Whose key that is, and what it may do."""
    principal = authentication.principal_of_admin(api_key, None, utc_now())
    return principal.tenant_id, principal.scopes


def test_a_new_tenant_is_told_with_exactly_its_credentials(shell: Shell) -> None:
    made = shell.tenant("acme")
    assert list(made) == ["tenant_id", "tenant_secret", "api_key_id", "api_key"]
    assert made["tenant_id"] == "acme"
    assert len(made["tenant_secret"]) >= 32


def test_a_new_tenants_key_may_do_everything(shell: Shell, database: None) -> None:
    assert caller(shell.tenant()["api_key"]) == ("acme", frozenset(Scope))


def test_a_tenant_is_made_once(shell: Shell) -> None:
    shell.tenant()
    assert shell.refused("tenant", "create", "acme") == "This tenant exists already"
    assert shell.json("tenant", "list")["total"] == 1


@pytest.mark.parametrize("word", ["validate", "Tenants"])
def test_a_word_of_the_paths_is_no_tenant(shell: Shell, word: str) -> None:
    assert "a part of the gateways' paths" in shell.refused("tenant", "create", word)


def test_tenants_are_listed_by_id(shell: Shell) -> None:
    for name in ("globex", "acme"):
        shell.tenant(name)
    listed = shell.json("tenant", "list", "--limit", "1", "--offset", "1")
    assert [row["tenant_id"] for row in listed["tenants"]] == ["globex"]
    assert listed["total"] == 2


def test_a_rotated_secret_signs_and_the_old_one_still_does(
    shell: Shell, database: None
) -> None:
    old = shell.tenant()["tenant_secret"]
    new = shell.json("tenant", "rotate-secret", "acme")["tenant_secret"]
    token = shell.json("token", "mint", "--tenant", "acme", "--user", "u")["token"]
    jwt.decode(token, new, algorithms=["HS256"])
    claims = {
        "sub": "u",
        "sub_type": "tenant",
        "sub_id": "acme",
        "exp": time.time() + 9,
    }
    signed = jwt.encode(claims, old, algorithm="HS256")
    assert authentication.principal_of_token(signed, utc_now()).user_id == "u"


def test_a_minted_token_has_the_documented_claims(shell: Shell) -> None:
    secret = shell.tenant()["tenant_secret"]
    words = "token", "mint", "--tenant", "acme", "--user", "user_1", "--ttl", "600"
    answer = shell.json(*words)
    assert list(answer) == ["token"]
    assert jwt.get_unverified_header(answer["token"])["alg"] == "HS256"
    claims = jwt.decode(answer["token"], secret, algorithms=["HS256"])
    life = claims.pop("exp") - claims["iat"]
    assert life == 600
    assert abs(claims.pop("iat") - time.time()) < 30
    assert claims == {"sub": "user_1", "sub_type": "tenant", "sub_id": "acme"}


def test_a_token_for_the_server_speaks_for_every_user(
    shell: Shell, database: None
) -> None:
    shell.tenant()
    token = shell.json("token", "mint", "--tenant", "acme", "--server")["token"]
    assert authentication.principal_of_token(token, utc_now()).user_id is None


def test_the_longest_token_is_one_that_is_accepted(
    shell: Shell, database: None
) -> None:
    shell.tenant()
    words = "token", "mint", "--tenant", "acme", "--user", "u", "--ttl"
    token = shell.json(*words, str(MONTH))["token"]
    assert authentication.principal_of_token(token, utc_now()).user_id == "u"
    assert "--ttl" in shell.misused(*words, str(MONTH + 1))


@pytest.mark.parametrize("who", [(), ("--user", "u", "--server")])
def test_a_token_is_for_a_user_or_the_server(
    quick_shell: Shell, who: tuple[str, ...]
) -> None:
    quick_shell.run("db", "upgrade")
    said = quick_shell.misused("token", "mint", "--tenant", "acme", *who)
    assert "either --user or --server" in said


def test_there_is_no_token_of_an_unknown_tenant(shell: Shell) -> None:
    words = "token", "mint", "--tenant", "nobody", "--user", "u"
    assert shell.refused(*words) == "Tenant not found"


def test_a_key_has_the_scopes_and_the_expiry_that_were_asked_for(
    shell: Shell, database: None
) -> None:
    shell.tenant()
    words = "--name", "crm", "--scope", "read", "--scope", "coupons"
    expiry = "--expires", "2099-01-31T12:00:00+01:00"
    made = shell.json("key", "create", "--tenant", "acme", *words, *expiry)
    assert caller(made["api_key"]) == ("acme", {Scope.READ, Scope.COUPONS})
    assert made["expires_at"] == "2099-01-31T11:00:00Z"


def test_a_key_without_scopes_named_may_do_everything(
    shell: Shell, database: None
) -> None:
    shell.tenant()
    made = shell.json("key", "create", "--tenant", "acme", "--name", "all")
    assert caller(made["api_key"])[1] == frozenset(Scope)


def test_listed_keys_hold_no_secret(shell: Shell) -> None:
    plain = shell.tenant()["api_key"]
    result = shell.run("key", "list", "--tenant", "acme", "--json")
    assert '"name": "first key"' in result.stdout
    assert plain not in result.stdout


def test_a_revoked_key_is_worthless(shell: Shell, database: None) -> None:
    made = shell.tenant()
    shell.json("key", "revoke", "--tenant", "acme", made["api_key_id"])
    with pytest.raises(Refused):
        caller(made["api_key"])


def test_a_key_that_has_expired_already_is_refused_as_over_http(shell: Shell) -> None:
    shell.tenant()
    words = "--name", "late", "--expires", "2020-01-01T00:00:00Z"
    said = shell.refused("key", "create", "--tenant", "acme", *words)
    assert said == "Invalid body: expires_at: expected a time in the future"


def test_secrets_go_to_stdout_and_the_warning_to_stderr(shell: Shell) -> None:
    result = shell.run("tenant", "create", "acme")
    assert re.search(r"^tenant_secret +ts_\S+$", result.stdout, re.MULTILINE)
    assert result.stderr == (
        "Keep the secrets: this is the only time that they are shown.\n"
    )
