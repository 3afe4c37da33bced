"""`couponctl operator`: links, roles, reset and disabling."""

from __future__ import annotations

from coupon_core.services.operators import links
from tests.support.cli_runner import CouponctlRunner


def test_an_operator_is_invited_listed_and_disabled(
    acme_cli: CouponctlRunner,
) -> None:
    invite = "operator", "invite", "anna@example.com", "--tenant", "acme"
    invited = acme_cli.json(*invite, "--role", "owner")
    assert invited.keys() == {"operator_id", "link"}
    start, _, token = invited["link"].rpartition("/")
    assert start.startswith("http://127.0.0.1:")
    assert start.endswith("/console/invitations")
    assert len(token) == len(links.secrets.token_urlsafe(links.TOKEN_BYTES))
    assert acme_cli.json("operator", "list", "--tenant", "acme")["operators"] == []
    change = "operator", "role", "anna@example.com", "viewer", "--tenant", "acme"
    assert "There is no such operator" in acme_cli.expect_refusal(*change, status=4)
    reset = acme_cli.json("operator", "reset", "ANNA@example.com", "--totp")
    assert reset["operator_id"] == invited["operator_id"]
    assert reset["link"] != invited["link"]
    for command, is_disabled in (("disable", True), ("enable", False)):
        document = acme_cli.json("operator", command, "anna@example.com")
        assert document == {
            "operator_id": invited["operator_id"],
            "disabled": is_disabled,
        }
    invite_nobody = "operator", "invite", "anna", "--tenant", "acme", "--role", "owner"
    refusal = acme_cli.expect_refusal(*invite_nobody, status=2)
    assert "an e-mail address such as" in refusal
