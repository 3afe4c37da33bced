"""Users and their points from a shell."""

from __future__ import annotations

from tests.support.cli_runner import CouponctlRunner

OF_ACME = "--tenant", "acme"
GOLD = *OF_ACME, "--user", "john@doe.com", "--point", "gold", "--amount"


def test_points_from_a_shell(acme_cli: CouponctlRunner) -> None:
    user = acme_cli.json("user", "create", *OF_ACME, "john@doe.com", "--tag", "vip")
    assert (user["is_member"], user["tags"]) == (True, ["vip"])
    acme_cli.json("points", "credit", *GOLD, "100", "--reason", "Birthday")
    assert acme_cli.json("points", "debit", *GOLD, "30")["balance"] == 70
    said = acme_cli.expect_refusal("points", "debit", *GOLD, "71")
    assert said == "amount: the user does not have so many points"
    (wallet,) = acme_cli.json("points", "show", *OF_ACME)["wallets"]
    assert wallet["balance"] == 70
    assert acme_cli.json("points", "entries", *OF_ACME)["total"] == 2


def test_users_from_a_shell(acme_cli: CouponctlRunner) -> None:
    acme_cli.json("user", "create", *OF_ACME, "john@doe.com")
    left = acme_cli.json("user", "update", *OF_ACME, "john@doe.com", "--not-member")
    assert left["is_member"] is False
    assert acme_cli.json("user", "get", *OF_ACME, "john@doe.com") == left
    assert acme_cli.json("user", "list", *OF_ACME) == {"users": [left], "total": 1}
    assert acme_cli.expect_refusal("user", "get", *OF_ACME, "jane") == "User not found"
