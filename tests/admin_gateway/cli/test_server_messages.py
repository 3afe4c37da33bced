"""What commands say about servers: which one, what is wrong, and what to do next."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.sdk.scripted_server import answer, scripted_server
from tests.support.cli_runner import CouponctlRunner

LIST = "reward", "list"
CREATE = "reward", "create", "--name", "Gems", "--type", "gem"
KEY = {"COUPON_API_KEY": "pk_1", "COUPON_TENANT": "acme"}
EXPLANATION = {
    name: []
    for name in ("rules", "reservations", "timeline", "attempts", "near_matches")
}


@pytest.fixture
def cli(tmp_path: Path) -> CouponctlRunner:
    """Return a runner without a database, profiles and settings."""
    env = {
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "COUPON_DATABASE_URL": f"sqlite:///{tmp_path / 'absent.db'}",
    }
    return CouponctlRunner(env)


def with_env(cli: CouponctlRunner, **changes: str) -> CouponctlRunner:
    """Return the runner with more variables in its environment."""
    return CouponctlRunner({**cli.env, **changes})


def refusal(status: int, code: str, message: str) -> Any:
    """Return what a gateway answers to a request that it refuses."""
    return answer(status, {"error": message, "message": message, "code": code})


@pytest.mark.parametrize(
    ("act", "status", "text"),
    [
        (refusal(401, "INVALID_API_KEY", "Invalid API key"), 3, "couponctl login"),
        (refusal(403, "ACCESS_DENIED", "Access denied"), 3, 'tenant "acme"'),
        (refusal(404, "NOT_FOUND", "Not found"), 4, "address of an admin gateway?"),
        (refusal(401, "AUTH_002", "Authentication required"), 3, "an admin gateway?"),
    ],
    ids=["key", "tenant", "other-gateway", "other-credential"],
)
def test_a_refusal_names_the_server_and_what_to_check(
    cli: CouponctlRunner, act: Any, status: int, text: str
) -> None:
    with scripted_server(act) as server:
        found = with_env(cli, **KEY, COUPON_SERVER=server.url).read_error(*LIST)
        assert server.url in found["error"]
    assert (found["exit_status"], text in found["error"]) == (status, True)


def test_no_answer_names_the_server(cli: CouponctlRunner) -> None:
    error = with_env(cli, **KEY).read_error(*LIST, "--server", "http://127.0.0.1:1")
    assert error["error"].startswith("No answer from http://127.0.0.1:1 to GET ")
    assert not error["error"].endswith("..")


def test_login_to_a_query_gateway_is_explained(cli: CouponctlRunner) -> None:
    with scripted_server(refusal(404, "NOT_FOUND", "Not found")) as server:
        message = cli.expect_refusal(
            "login", "--server", server.url, status=4, stdin="pk_1\n"
        )
        assert message == f"Not found. Is {server.url} the address of an admin gateway?"


def test_a_wrong_secret_of_the_tenant_is_named(cli: CouponctlRunner) -> None:
    with scripted_server(refusal(401, "AUTH_001", "Invalid signature")) as one:
        query = with_env(cli, COUPON_QUERY_SERVER=one.url, COUPON_TENANT_SECRET="ts_1")
        error = query.read_error("validate", "--tenant", "acme", "CODE-1")
        assert one.url in error["error"]
    assert "COUPON_TENANT_SECRET" in error["error"]


def test_an_explanation_is_not_announced_as_a_change(cli: CouponctlRunner) -> None:
    with scripted_server(answer(200, EXPLANATION)) as server:
        remote = with_env(cli, **KEY, COUPON_SERVER=server.url)
        assert remote.run("code", "explain", "CODE-1", "--json").stderr == ""
    assert len(server.received) == 1


def test_what_is_not_sent_is_not_announced(cli: CouponctlRunner) -> None:
    env = {**KEY, "COUPON_SERVER": "http://127.0.0.1:1", "COUPON_API_KEY": "pk 1"}
    assert "notice" not in with_env(cli, **env).read_error(*CREATE)


def test_without_a_server_a_missing_database_offers_one(cli: CouponctlRunner) -> None:
    remote = with_env(cli, COUPON_TENANT="acme").read_error(*LIST)["error"]
    assert "There is no database" in remote
    assert "--server" in remote
    assert "--server" not in cli.read_error("tenant", "list")["error"]


@pytest.mark.parametrize("command", [LIST, ("validate", "CODE-1")], ids=" ".join)
def test_a_missing_tenant_may_be_given_in_three_ways(
    cli: CouponctlRunner, command: tuple[str, ...]
) -> None:
    message = cli.expect_usage_error(*command)
    for way in ("--tenant", "COUPON_TENANT", "profile"):
        assert way in message


def test_an_empty_tenant_is_not_replaced(cli: CouponctlRunner) -> None:
    env = {**KEY, "COUPON_SERVER": "http://127.0.0.1:1"}
    message = with_env(cli, **env).expect_usage_error(*LIST, "--tenant", "")
    assert "Missing option '--tenant'" in message


def test_a_command_of_players_says_which_server_it_needs(cli: CouponctlRunner) -> None:
    with_key = with_env(cli, COUPON_API_KEY="pk_1", COUPON_SERVER="http://127.0.0.1:1")
    message = with_key.expect_usage_error("validate", "CODE-1")
    assert "Set COUPON_QUERY_SERVER, or use --profile local." in message


def test_profiles_of_two_ports_have_two_names(cli: CouponctlRunner) -> None:
    own = {"tenant_id": "acme", "name": "a", "scopes": [], "expires_at": None}
    document = {**own, "key_id": "1", "created_at": "2026-01-01T00:00:00Z"}
    document["revoked_at"] = None
    with scripted_server(answer(200, document)) as server:
        words = "login", "--server", server.url, "--field", "profile"
        found = cli.run(*words, stdin="pk_1\n")
        assert found.stdout.strip() == server.url.removeprefix("http://")
