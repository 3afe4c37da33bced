"""Patterns and check characters of random codes, and how much room they leave."""

from __future__ import annotations

import re
from typing import Any

import pytest

from coupon_core.domain import codes
from coupon_core.domain.check_digit import is_right
from coupon_core.domain.models import (
    AdminReason,
    CodeAlphabet,
    CodeFormat,
    Reason,
    utc_now,
)
from coupon_core.domain.models.batches import Room
from coupon_core.persistence.tables import Coupon
from coupon_core.persistence.tables import database as db
from coupon_core.services.coupons import code_capacity, typo_detection
from tests.invariants import assert_invariants
from tests.shop import Shop, refusal

PATTERN = "SUMMER-####-????"


@pytest.fixture(autouse=True)
def nothing_remembered() -> None:
    typo_detection.forget()


@pytest.mark.parametrize(
    ("pattern", "alphabet", "form"),
    [
        (PATTERN, "unambiguous", "SUMMER-[2-9]{4}-[A-HJKMNP-Z]{4}"),
        ("x_****", "unambiguous", "x_[2-9A-HJKMNP-Z]{4}"),
        ("#?#?Z", "full", "[0-9][A-Z][0-9][A-Z]Z"),
    ],
)
def test_codes_follow_their_pattern(
    shop: Shop, pattern: str, alphabet: str, form: str
) -> None:
    kind = CodeAlphabet(alphabet)
    definition = shop.define(code_pattern=pattern, code_alphabet=kind)
    drawn = codes.draw(definition, 200)
    assert len(drawn) == 200
    assert all(re.fullmatch(form, code) for code in drawn)
    assert shop.redeem(shop.loose(definition).lower()).coupon.user_id == "ann"


@pytest.mark.parametrize(
    ("members", "space"),
    [
        ({"code_length": 4}, 31**4),
        ({"code_length": 4, "code_alphabet": CodeAlphabet.FULL}, 36**4),
        ({"code_pattern": PATTERN}, 8**4 * 23**4),
        ({"code_pattern": "A####"}, 8**4),
        ({"code_length": 4, "code_prefix": "ABC", "code_check": True}, 31**5 // 36),
    ],
)
def test_the_space_counts_all_codes(
    shop: Shop, members: dict[str, Any], space: int
) -> None:
    if members.get("code_prefix"):
        members = {**members, "code_prefix": f"S{shop.tenant_id[-3:]}XY"[:6]}
    assert codes.space(shop.define(**members)) == space


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"code_pattern": "A###"}, AdminReason.PATTERN_UNFIT),
        ({"code_pattern": "#" * 33}, AdminReason.PATTERN_UNFIT),
        ({"code_pattern": "####", "code_prefix": "A"}, AdminReason.PATTERN_ALONE),
        (
            {
                "code_pattern": "####",
                "code_format": CodeFormat.CUSTOM,
                "custom_code": "A",
            },
            AdminReason.PATTERN_ALONE,
        ),
        ({"code_check": True}, AdminReason.CHECK_NEEDS_STEM),
        ({"code_check": True, "code_prefix": "AB"}, AdminReason.CHECK_NEEDS_STEM),
        (
            {"code_check": True, "code_pattern": "AB#C####"},
            AdminReason.CHECK_NEEDS_STEM,
        ),
        (
            {"code_check": True, "code_pattern": "A" * 60 + "####"},
            AdminReason.CODE_TOO_LONG,
        ),
    ],
)
def test_an_unfit_shape_is_refused(
    shop: Shop, members: dict[str, Any], reason: AdminReason
) -> None:
    assert refusal(shop.define, **members) == reason


# ------------------------------------------------------------------ check characters


def checked(shop: Shop, prefix: str = "SUMMER", **members: Any) -> Any:
    return shop.define(code_prefix=prefix, code_check=True, **members)


def misread(code: str) -> str:
    """The same with one wrong character in the middle."""
    return code[:8] + ("A" if code[8] != "A" else "B") + code[9:]


def test_codes_end_with_a_character_of_their_alphabet_that_makes_them_right(
    shop: Shop,
) -> None:
    drawn = codes.draw(checked(shop), 300)
    assert len(drawn) == 300
    assert all(is_right(code) and len(code) == 6 + 8 + 1 for code in drawn)
    assert not {code[-1] for code in drawn} & set("01OIL")


def test_a_mistyped_code_is_not_found_and_a_right_one_is_good(shop: Shop) -> None:
    code = shop.give(checked(shop))
    wrong = misread(code)
    assert refusal(shop.redeem, wrong) == Reason.COUPON_NOT_FOUND
    assert shop.validate(wrong) == shop.validate("NOSUCHCODE")
    assert shop.validate(code.lower()).decision.allowed
    assert shop.redeem(code).coupon.redemption_count == 1


def test_a_mistyped_code_is_told_without_the_database(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = shop.give(checked(shop))
    shop.validate(code)
    before = shop.validate(misread(code))
    monkeypatch.setattr(db, "obj", None)
    assert shop.validate(misread(code)) == before


def test_another_tenants_codes_are_not_told_by_ours(shop: Shop) -> None:
    from tests.shop import new_shop

    checked(shop)
    other = new_shop()
    code = other.give(other.define(code_prefix="SUMMER"))
    assert other.redeem(code).coupon.redemption_count == 1


def test_codes_that_begin_like_checked_ones_are_neither_named_nor_drawn(
    shop: Shop,
) -> None:
    checked(shop, "ABC")
    assert refusal(shop.share, "ABCDEF7") == AdminReason.CODE_TAKEN
    definition = shop.define(code_prefix="AB", code_length=4)
    shop.generate(definition, [""] * 500)
    made = [
        one.code for one in Coupon.select().where(Coupon.tenant_id == shop.tenant_id)
    ]
    assert all(is_right(code) for code in made if code.startswith("ABC"))
    assert_invariants()


def test_a_beginning_that_others_have_is_refused(shop: Shop) -> None:
    shop.give(shop.define(code_prefix="WINTER"))
    shop.share("SPRING24")
    checked(shop, "AUTUMN")
    for taken in ("WINTER", "spring", "AUTUMN", "AUT", "AUTUMN-24"):
        assert refusal(checked, shop, taken) == AdminReason.STEM_TAKEN
    checked(shop, "AUTOMN")


@pytest.mark.parametrize(
    "change",
    [
        {"code_check": False},
        {"code_prefix": "OTHER"},
        {"code_length": 9},
        {"code_alphabet": CodeAlphabet.FULL},
    ],
)
def test_how_checked_codes_are_made_never_changes(
    shop: Shop, change: dict[str, Any]
) -> None:
    definition = checked(shop)
    found = refusal(shop.change, definition, **change)
    assert found == AdminReason.CHECKED_CODES_FROZEN
    shop.change(definition, description="but this does")


def test_codes_do_not_become_checked_ones_later(shop: Shop) -> None:
    definition = shop.define(code_prefix="LATER")
    found = refusal(shop.change, definition, code_check=True)
    assert found == AdminReason.CHECKED_CODES_FROZEN


# --------------------------------------------------------------------------- the room


def test_the_room_tells_what_is_made_and_what_will_be(shop: Shop) -> None:
    from coupon_core.services import batches

    definition = shop.define(code_length=4)
    shop.generate(definition, ["ann", "bob"])
    ids = shop.tenant_id, definition.definition_id
    batches.request(*ids, batches.Wanted(5_000), utc_now())
    assert code_capacity.room(*ids) == Room(923_521, 2, 5_000)
    assert code_capacity.room(*ids).most == 461_760


def test_given_codes_have_no_space(shop: Shop) -> None:
    definition = shop.share("GIVEN1")
    ids = shop.tenant_id, definition.definition_id
    assert refusal(code_capacity.room, *ids) == AdminReason.NO_CODE_SPACE
