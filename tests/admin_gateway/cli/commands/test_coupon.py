"""`couponctl generate`, `validate`, `redeem`, `history` and `coupon`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.cli_runner import CouponctlRunner

ACME = "--tenant", "acme"
LATER = "2099-01-01T00:00:00Z"


@pytest.fixture
def code(acme_cli: CouponctlRunner) -> str:
    """Return a code that ann can redeem once."""
    return acme_cli.generate_coupons(acme_cli.create_definition(), "ann")[0]["code"]


def test_users_come_from_options_and_from_a_file(
    acme_cli: CouponctlRunner, tmp_path: Path
) -> None:
    definition_id = acme_cli.create_definition()
    path = tmp_path / "users.csv"
    path.write_text("user_id\nbob\n\n  cid  \n")
    words = "--definition", definition_id, "--user", "ann", "--users-file", str(path)
    answer = acme_cli.json("generate", *ACME, *words)
    assert [row["user_id"] for row in answer["coupons"]] == ["ann", "bob", "cid"]
    assert answer["total"] == 3


def test_codes_for_nobody_differ_and_have_no_user(acme_cli: CouponctlRunner) -> None:
    definition_id = acme_cli.create_definition()
    words = "--definition", definition_id, "--count", "20"
    rows = acme_cli.json("generate", *ACME, *words)["coupons"]
    assert len({row["code"] for row in rows}) == 20
    assert {row["user_id"] for row in rows} == {None}


def test_coupons_may_have_an_expiry_of_their_own(acme_cli: CouponctlRunner) -> None:
    words = "--definition", acme_cli.create_definition(), "--user", "ann"
    expiry = "--expires", "2099-01-01T00:00:00Z"
    (row,) = acme_cli.json("generate", *ACME, *words, *expiry)["coupons"]
    assert row["expires_at"] == "2099-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ((), "Expected either --user or --count."),
        (("--user", "a", "--count", "1"), "Expected either --user or --count."),
        (
            ("--count", "10000001"),
            'Invalid --count "10000001": expected an integer of 1 to 10000000.',
        ),
        (("--user", "a/b"), 'Invalid --user "a/b": expected a user id'),
    ],
    ids=[
        "words0-expected either user_ids or count",
        "words1-expected either user_ids or count",
        "words2-count: expected an integer of 1 to 10000000",
        "words3-user_ids.0: expected a user id",
    ],
)
def test_what_http_refuses_is_refused(
    acme_cli: CouponctlRunner, words: tuple[str, ...], expected: str
) -> None:
    arguments = "generate", *ACME, "--definition", acme_cli.create_definition(), *words
    assert expected in acme_cli.expect_refusal(*arguments, status=2)
    assert acme_cli.json("coupon", "list", *ACME)["total"] == 0


def test_a_good_code_is_told_with_its_coupon(
    acme_cli: CouponctlRunner, code: str
) -> None:
    result = acme_cli.json("validate", *ACME, code.lower(), "--user", "ann")
    assert (result["valid"], result["error"], result["definition"]) == (
        True,
        None,
        None,
    )
    assert result["coupon"]["code"] == code


def test_a_used_code_is_told_on_stdout_and_by_the_status(
    acme_cli: CouponctlRunner, code: str
) -> None:
    acme_cli.run("redeem", *ACME, code, "--user", "ann")
    result = acme_cli.json("validate", *ACME, code, "--user", "ann", status=1)
    assert result == {
        "valid": False,
        "coupon": None,
        "definition": None,
        "error": "Coupon has already been used",
        "error_code": "ALREADY_REDEEMED",
    }


def test_someone_elses_code_is_worth_nothing(
    acme_cli: CouponctlRunner, code: str
) -> None:
    result = acme_cli.json("validate", *ACME, code, "--user", "bob", status=1)
    assert result["error"] == "Coupon code not found"


def test_a_code_is_redeemed_once(acme_cli: CouponctlRunner, code: str) -> None:
    redeem = "redeem", *ACME, code, "--user", "ann"
    redeemed_coupon = acme_cli.json(*redeem)
    assert (redeemed_coupon["status"], redeemed_coupon["redemption_count"]) == (
        "redeemed",
        1,
    )
    assert acme_cli.expect_refusal(*redeem) == "Coupon has already been redeemed"


def test_history_is_what_was_redeemed(acme_cli: CouponctlRunner, code: str) -> None:
    definition_id = acme_cli.create_definition("Other")
    acme_cli.generate_coupons(definition_id, "ann")
    acme_cli.run("redeem", *ACME, code, "--user", "ann")
    answer = acme_cli.json("history", *ACME, "--user", "ann")
    assert [row["code"] for row in answer["redemptions"]] == [code]
    assert answer["total"] == 1
    assert acme_cli.json("history", *ACME, "--user", "bob")["total"] == 0


def test_coupons_are_chosen_by_user_and_status(
    acme_cli: CouponctlRunner, code: str
) -> None:
    other = acme_cli.create_definition("Other")
    acme_cli.generate_coupons(other, "ann", "bob")
    acme_cli.run("redeem", *ACME, code, "--user", "ann")
    words = "coupon", "list", *ACME
    assert acme_cli.json(*words, "--user", "ann")["total"] == 2
    redeemed = acme_cli.json(*words, "--user", "ann", "--status", "redeemed")
    assert [row["code"] for row in redeemed["coupons"]] == [code]
    assert acme_cli.json(*words, "--definition", other)["total"] == 2


def test_a_revoked_code_cannot_be_redeemed(
    acme_cli: CouponctlRunner, code: str
) -> None:
    revoked = acme_cli.json("coupon", "revoke", *ACME, "--code", code)
    assert revoked["status"] == "revoked"
    words = "redeem", *ACME, code, "--user", "ann"
    assert acme_cli.expect_refusal(*words) == "Coupon status: revoked"


def test_a_coupon_is_named_by_id_or_by_code(
    acme_cli: CouponctlRunner, code: str
) -> None:
    by_code = acme_cli.json("coupon", "show", *ACME, "--code", code)
    by_id = acme_cli.json("coupon", "show", *ACME, "--id", by_code["id"])
    assert by_id == by_code
    assert "either --id or --code" in acme_cli.expect_usage_error(
        "coupon", "show", *ACME
    )


def test_of_a_shared_code_a_user_must_be_named(acme_cli: CouponctlRunner) -> None:
    acme_cli.generate_coupons(
        acme_cli.create_definition("Shared", "--code", "SHARED"), "ann", "bob"
    )
    words = "coupon", "revoke", *ACME, "--code", "SHARED"
    assert "several users hold this code" in acme_cli.expect_refusal(*words, status=5)
    assert acme_cli.json(*words, "--user", "bob")["user_id"] == "bob"
    assert acme_cli.json("validate", *ACME, "SHARED", "--user", "ann")["valid"]


def test_people_get_a_table_with_the_count_beside_it(
    acme_cli: CouponctlRunner, code: str
) -> None:
    result = acme_cli.run("coupon", "list", *ACME)
    header, row = result.stdout.splitlines()
    assert header.split()[:3] == ["code", "status", "user_id"]
    assert row.split()[:3] == [code, "active", "ann"]
    assert result.stderr == "1 of 1\n"


def test_names_are_no_markup(acme_cli: CouponctlRunner) -> None:
    words = "--name", "[red]points[/red]", "--type", "points"
    acme_cli.run("reward", "create", *ACME, *words)
    assert "[red]points[/red]" in acme_cli.run("reward", "list", *ACME).stdout


def test_a_coupon_is_corrected_and_its_use_given_back(
    acme_cli: CouponctlRunner, code: str
) -> None:
    acme_cli.json("redeem", *ACME, code, "--user", "ann")
    (record,) = acme_cli.json("redemption", "list", *ACME)["redemptions"]
    reverse = "redemption", "reverse", *ACME, str(record["redemption_id"])
    reversed_record = acme_cli.json(*reverse, "--reason", "Mistake")
    assert reversed_record["reversal_reason"] == "Mistake"
    assert acme_cli.json(*reverse) == reversed_record
    chosen = *ACME, "--code", code
    assert acme_cli.json("coupon", "revoke", *chosen)["status"] == "revoked"
    assert acme_cli.json("coupon", "restore", *chosen)["status"] == "active"
    moved = acme_cli.json("coupon", "expiry", *chosen, "--expires", LATER)
    assert moved["expires_at"] == LATER
    moved = acme_cli.json("coupon", "expiry", *chosen, "--follow-definition")
    assert moved["expires_at"] is None
    new = acme_cli.json("coupon", "reissue", *chosen)
    assert new["code"] != code
    message = acme_cli.expect_refusal("coupon", "restore", *chosen, status=5)
    assert message == "The coupon was replaced by another one and cannot be restored"
