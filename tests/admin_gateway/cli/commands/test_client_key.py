"""Keys of other systems' SDKs from a shell."""

from __future__ import annotations

from tests.support.cli_runner import CouponctlRunner

NEW = "client-key", "create", "--tenant", "acme", "--kind", "mambo", "--name", "shop"


def test_a_key_is_made_listed_and_revoked(acme_cli: CouponctlRunner) -> None:
    made = acme_cli.json(*NEW)
    assert made["credential"] == f"{made['key_id']}:{made['secret']}"
    (listed,) = acme_cli.json("client-key", "list", "--tenant", "acme")["client_keys"]
    assert listed["key_id"] == made["key_id"]
    assert "secret" not in listed
    revoke = "client-key", "revoke", "--tenant", "acme", made["key_id"]
    assert acme_cli.json(*revoke)["revoked_at"]
    mambo = "client-key", "list", "--tenant", "acme", "--kind", "playcamp_client"
    assert acme_cli.json(*mambo)["total"] == 0


def test_nobodys_key_is_refused(acme_cli: CouponctlRunner) -> None:
    unknown = acme_cli.expect_refusal(
        "client-key", "revoke", "--tenant", "acme", "ak_server_x"
    )
    assert unknown == "Client key not found"
    assert acme_cli.expect_refusal(*NEW[:3], "nobody", *NEW[4:]) == "Tenant not found"
