"""`couponctl user` and `points`."""

from __future__ import annotations

from tests.support.cli_runner import CouponctlRunner

ACME = "--tenant", "acme"
GOLD_OPTIONS = *ACME, "--user", "john@doe.com", "--point", "gold", "--amount"


def test_points_from_a_shell(acme_cli: CouponctlRunner) -> None:
    user = acme_cli.json("user", "create", *ACME, "john@doe.com", "--tag", "vip")
    assert (user["is_member"], user["tags"]) == (True, ["vip"])
    acme_cli.json("points", "credit", *GOLD_OPTIONS, "100", "--reason", "Birthday")
    assert acme_cli.json("points", "debit", *GOLD_OPTIONS, "30")["balance"] == 70
    message = acme_cli.expect_refusal("points", "debit", *GOLD_OPTIONS, "71", status=5)
    assert message == ('Invalid --amount "71": the user does not have enough points.')
    (wallet,) = acme_cli.json("points", "list", *ACME)["wallets"]
    assert wallet["balance"] == 70
    assert acme_cli.json("points", "entries", *ACME)["total"] == 2


def test_users_from_a_shell(acme_cli: CouponctlRunner) -> None:
    acme_cli.json("user", "create", *ACME, "john@doe.com")
    changed = acme_cli.json("user", "update", *ACME, "john@doe.com", "--not-member")
    assert changed["is_member"] is False
    assert acme_cli.json("user", "show", *ACME, "john@doe.com") == changed
    assert acme_cli.json("user", "list", *ACME) == {"users": [changed], "total": 1}
    message = acme_cli.expect_refusal("user", "show", *ACME, "jane", status=4)
    assert message == (
        'User "jane" not found; `couponctl user list --tenant acme` shows all'
    )
