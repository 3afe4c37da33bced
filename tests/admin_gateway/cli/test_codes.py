"""Making, validating, redeeming and revoking codes from a shell."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.shells import Shell

OF_ACME = "--tenant", "acme"


@pytest.fixture
def code(acme: Shell) -> str:
    """A code that ann may use once."""
    return acme.generate(acme.definition(), "ann")[0]["code"]


def test_users_come_from_options_and_from_a_file(acme: Shell, tmp_path: Path) -> None:
    made = acme.definition()
    path = tmp_path / "users.txt"
    path.write_text("bob\n\n  cid  \n")
    words = "--definition", made, "--user", "ann", "--users-file", str(path)
    answer = acme.json("generate", *OF_ACME, *words)
    assert [row["user_id"] for row in answer["coupons"]] == ["ann", "bob", "cid"]
    assert answer["total"] == 3


def test_codes_for_nobody_differ_and_have_no_user(acme: Shell) -> None:
    made = acme.definition()
    words = "--definition", made, "--count", "20"
    rows = acme.json("generate", *OF_ACME, *words)["coupons"]
    assert len({row["code"] for row in rows}) == 20
    assert {row["user_id"] for row in rows} == {None}


def test_coupons_may_have_an_expiry_of_their_own(acme: Shell) -> None:
    words = "--definition", acme.definition(), "--user", "ann"
    expiry = "--expires-at", "2099-01-01T00:00:00Z"
    (row,) = acme.json("generate", *OF_ACME, *words, *expiry)["coupons"]
    assert row["expires_at"] == "2099-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "expected either user_ids or count"),
        (("--user", "a", "--count", "1"), "expected either user_ids or count"),
        (("--count", "10000001"), "count: expected an integer of 1 to 10000000"),
        (("--user", "a/b"), "user_ids.0: expected a user id"),
    ],
)
def test_what_http_refuses_is_refused(
    acme: Shell, words: tuple[str, ...], said: str
) -> None:
    asked = "generate", *OF_ACME, "--definition", acme.definition(), *words
    assert said in acme.refused(*asked)
    assert acme.json("coupon", "list", *OF_ACME)["total"] == 0


def test_a_good_code_is_told_with_its_coupon(acme: Shell, code: str) -> None:
    told = acme.json("validate", *OF_ACME, code.lower(), "--user", "ann")
    assert (told["valid"], told["error"], told["definition"]) == (True, None, None)
    assert told["coupon"]["code"] == code


def test_a_used_code_is_told_on_stdout_and_by_the_status(
    acme: Shell, code: str
) -> None:
    acme.run("redeem", *OF_ACME, code, "--user", "ann")
    told = acme.json("validate", *OF_ACME, code, "--user", "ann", status=1)
    assert told == {
        "valid": False,
        "coupon": None,
        "definition": None,
        "error": "Coupon has already been used",
    }


def test_someone_elses_code_is_worth_nothing(acme: Shell, code: str) -> None:
    told = acme.json("validate", *OF_ACME, code, "--user", "bob", status=1)
    assert told["error"] == "Coupon code not found"


def test_a_code_is_redeemed_once(acme: Shell, code: str) -> None:
    redeem = "redeem", *OF_ACME, code, "--user", "ann"
    used = acme.json(*redeem)
    assert (used["status"], used["redemption_count"]) == ("redeemed", 1)
    assert acme.refused(*redeem) == "Coupon has already been redeemed"


def test_history_is_what_was_redeemed(acme: Shell, code: str) -> None:
    made = acme.definition("Other")
    acme.generate(made, "ann")
    acme.run("redeem", *OF_ACME, code, "--user", "ann")
    answer = acme.json("history", *OF_ACME, "--user", "ann")
    assert [row["code"] for row in answer["redemptions"]] == [code]
    assert answer["total"] == 1
    assert acme.json("history", *OF_ACME, "--user", "bob")["total"] == 0


def test_coupons_are_chosen_by_user_and_status(acme: Shell, code: str) -> None:
    other = acme.definition("Other")
    acme.generate(other, "ann", "bob")
    acme.run("redeem", *OF_ACME, code, "--user", "ann")
    words = "coupon", "list", *OF_ACME
    assert acme.json(*words, "--user", "ann")["total"] == 2
    redeemed = acme.json(*words, "--user", "ann", "--status", "redeemed")
    assert [row["code"] for row in redeemed["coupons"]] == [code]
    assert acme.json(*words, "--definition", other)["total"] == 2


def test_a_revoked_code_cannot_be_redeemed(acme: Shell, code: str) -> None:
    revoked = acme.json("coupon", "revoke", *OF_ACME, "--code", code)
    assert revoked["status"] == "revoked"
    words = "redeem", *OF_ACME, code, "--user", "ann"
    assert acme.refused(*words) == "Coupon status: revoked"


def test_a_coupon_is_named_by_id_or_by_code(acme: Shell, code: str) -> None:
    by_code = acme.json("coupon", "get", *OF_ACME, "--code", code)
    by_id = acme.json("coupon", "get", *OF_ACME, "--id", by_code["id"])
    assert by_id == by_code
    assert "either --id or --code" in acme.misused("coupon", "get", *OF_ACME)


def test_of_a_shared_code_a_user_must_be_named(acme: Shell) -> None:
    acme.generate(acme.definition("Shared", "--code", "SHARED"), "ann", "bob")
    words = "coupon", "revoke", *OF_ACME, "--code", "SHARED"
    assert "several users hold this code" in acme.refused(*words)
    assert acme.json(*words, "--user", "bob")["user_id"] == "bob"
    assert acme.json("validate", *OF_ACME, "SHARED", "--user", "ann")["valid"]


def test_people_get_a_table_with_the_count_beside_it(acme: Shell, code: str) -> None:
    result = acme.run("coupon", "list", *OF_ACME)
    header, row = result.stdout.splitlines()
    assert header.split()[:3] == ["code", "status", "user_id"]
    assert row.split()[:3] == [code, "active", "ann"]
    assert result.stderr == "1 of 1\n"


def test_names_are_no_markup(acme: Shell) -> None:
    words = "--name", "[red]points[/red]", "--type", "points"
    acme.run("reward", "create", *OF_ACME, *words)
    assert "[red]points[/red]" in acme.run("reward", "list", *OF_ACME).stdout
