"""Users and their points from a shell."""

from __future__ import annotations

from tests.shells import Shell

OF_ACME = "--tenant", "acme"
GOLD = *OF_ACME, "--user", "john@doe.com", "--point", "gold", "--amount"


def test_points_from_a_shell(acme: Shell) -> None:
    user = acme.json("user", "create", *OF_ACME, "john@doe.com", "--tag", "vip")
    assert (user["is_member"], user["tags"]) == (True, ["vip"])
    acme.json("points", "credit", *GOLD, "100", "--reason", "Birthday")
    assert acme.json("points", "debit", *GOLD, "30")["balance"] == 70
    said = acme.refused("points", "debit", *GOLD, "71")
    assert said == "amount: the user does not have so many points"
    (wallet,) = acme.json("points", "show", *OF_ACME)["wallets"]
    assert wallet["balance"] == 70
    assert acme.json("points", "entries", *OF_ACME)["total"] == 2


def test_users_from_a_shell(acme: Shell) -> None:
    acme.json("user", "create", *OF_ACME, "john@doe.com")
    left = acme.json("user", "update", *OF_ACME, "john@doe.com", "--not-member")
    assert left["is_member"] is False
    assert acme.json("user", "get", *OF_ACME, "john@doe.com") == left
    assert acme.json("user", "list", *OF_ACME) == {"users": [left], "total": 1}
    assert acme.refused("user", "get", *OF_ACME, "jane") == "User not found"
