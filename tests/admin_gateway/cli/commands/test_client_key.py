"""`couponctl client-key`."""

from __future__ import annotations

from tests.support.cli_runner import CouponctlRunner

CREATE_COMMAND = (
    "client-key",
    "create",
    "--tenant",
    "acme",
    "--kind",
    "mambo",
    "--name",
    "shop",
)


def test_a_key_is_made_listed_and_revoked(acme_cli: CouponctlRunner) -> None:
    created = acme_cli.json(*CREATE_COMMAND)
    assert created["credential"] == f"{created['key_id']}:{created['secret']}"
    (listed,) = acme_cli.json("client-key", "list", "--tenant", "acme")["client_keys"]
    assert listed["key_id"] == created["key_id"]
    assert "secret" not in listed
    revoke_command = "client-key", "revoke", "--tenant", "acme", created["key_id"]
    assert acme_cli.json(*revoke_command)["revoked_at"]
    list_command = "client-key", "list", "--tenant", "acme", "--kind", "playcamp_client"
    assert acme_cli.json(*list_command)["total"] == 0


def test_nobodys_key_is_refused(acme_cli: CouponctlRunner) -> None:
    message = acme_cli.expect_refusal(
        "client-key", "revoke", "--tenant", "acme", "ak_server_x", status=4
    )
    assert message == (
        'Client key "ak_server_x" not found; '
        "`couponctl client-key list --tenant acme` shows all"
    )
    assert 'Tenant "nobody" not found' in acme_cli.expect_refusal(
        *CREATE_COMMAND[:3], "nobody", *CREATE_COMMAND[4:], status=4
    )
