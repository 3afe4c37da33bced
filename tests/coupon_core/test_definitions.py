"""Definitions: what is taken, what is frozen, and what limits may become."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from coupon_core.domain.models import (
    AdminReason,
    CodeFormat,
    DefinitionStatus,
    Page,
    Reason,
    Trigger,
)
from coupon_core.services.catalog import definitions
from tests.invariants import assert_invariants
from tests.shop import NOW, Shop, new_shop, refusal

CUSTOM = {"code_format": CodeFormat.CUSTOM}
SOMEBODY_ELSES = "018f0000-0000-7000-8000-000000000000"


def test_a_definition_is_stored_as_it_was_made(shop: Shop) -> None:
    definition = shop.define(
        description="for all – ☂",
        code_prefix="P-",
        code_length=12,
        starts_at=NOW,
        expires_at=NOW + timedelta(days=1),
        per_code_limit=3,
        total_limit=9,
        trigger_kind=Trigger.STREAK_MILESTONE,
        trigger_enabled=True,
        trigger_source="daily-login",
        trigger_threshold=7,
    )
    assert shop.definition(definition) == definition


def test_absent_members_have_the_documented_defaults(shop: Shop) -> None:
    definition = shop.define()
    assert definition.status == DefinitionStatus.ACTIVE
    assert (definition.code_format, definition.code_length) == (CodeFormat.RANDOM, 8)
    assert (definition.per_code_limit, definition.total_limit) == (1, 0)


def test_another_tenants_definition_is_unknown(shop: Shop) -> None:
    definition = shop.define()
    other = new_shop()
    for action in (other.definition, other.pause, other.change):
        assert refusal(action, definition) == AdminReason.DEFINITION_NOT_FOUND


# ------------------------------------------------------------------------- names


@pytest.mark.parametrize("name", ["Welcome", "foreign key", "Unique constraint"])
def test_a_name_is_taken_once(shop: Shop, name: str) -> None:
    shop.define(name=name)
    assert refusal(shop.define, name=name) == AdminReason.NAME_TAKEN


def test_a_name_is_not_changed_to_a_taken_one(shop: Shop) -> None:
    shop.define(name="Welcome")
    other = shop.define(name="Goodbye")
    assert refusal(shop.change, other, name="Welcome") == AdminReason.NAME_TAKEN
    assert shop.definition(other) == other


def test_names_are_each_tenants_own(shop: Shop) -> None:
    shop.define(name="Welcome")
    assert new_shop().define(name="Welcome").name == "Welcome"


# ------------------------------------------------------------------------- codes

# First code and whether its case counts, second code likewise, and whether it is free
# (CONTRACTS 5, row 19).
CODE_PAIRS = [
    ("SAVE", False, "SAVE", False, False),
    ("SAVE", False, "save", False, False),
    ("SAVE", True, "SAVE", True, False),
    ("SAVE", True, "save", True, True),
    ("SAVE", True, "save", False, False),
    ("SAVE", False, "save", True, False),
    ("SAVE", True, "SAVE", False, False),
    ("SAVE", False, "SAVE", True, False),
    ("SAVE", False, "SAVE2", False, True),
]


@pytest.mark.parametrize(("first", "cased", "second", "cased_too", "free"), CODE_PAIRS)
def test_a_code_is_free_or_taken(
    shop: Shop, first: str, cased: bool, second: str, cased_too: bool, free: bool
) -> None:
    shop.share(first, case_sensitive=cased)
    if free:
        assert shop.share(second, case_sensitive=cased_too).custom_code == second
    else:
        reason = refusal(shop.share, second, case_sensitive=cased_too)
        assert reason == AdminReason.CODE_TAKEN


@pytest.mark.parametrize(("first", "cased", "second", "cased_too", "free"), CODE_PAIRS)
def test_a_code_is_changed_only_to_a_free_one(
    shop: Shop, first: str, cased: bool, second: str, cased_too: bool, free: bool
) -> None:
    shop.share(first, case_sensitive=cased)
    other = shop.share("OTHER")
    change = {"custom_code": second, "case_sensitive": cased_too}
    if free:
        assert shop.change(other, **change).custom_code == second
    else:
        assert refusal(shop.change, other, **change) == AdminReason.CODE_TAKEN
        assert shop.definition(other) == other


def test_codes_are_each_tenants_own(shop: Shop) -> None:
    shop.share("SAVE10")
    assert new_shop().share("SAVE10").custom_code == "SAVE10"


@pytest.mark.parametrize("cased", [False, True])
def test_a_coupons_random_code_is_taken(shop: Shop, cased: bool) -> None:
    code = shop.loose(shop.define())
    for typed in (code, code.lower()):
        reason = refusal(shop.share, typed, case_sensitive=cased)
        assert reason == AdminReason.CODE_TAKEN


def test_an_archived_definition_keeps_its_code(shop: Shop) -> None:
    shop.archive(shop.share("SAVE10"))
    assert refusal(shop.share, "save10") == AdminReason.CODE_TAKEN


def test_a_code_that_was_given_up_is_free(shop: Shop) -> None:
    definition = shop.share("SAVE10")
    shop.change(definition, custom_code="SAVE20")
    assert shop.share("SAVE10").custom_code == "SAVE10"
    assert shop.open("SAVE30").custom_code == "SAVE30"


def test_a_new_code_works_and_the_old_one_does_not(shop: Shop) -> None:
    definition = shop.open("SAVE10")
    shop.change(definition, custom_code="SAVE20")
    assert refusal(shop.redeem, "SAVE10") == Reason.COUPON_NOT_FOUND
    assert shop.redeem("SAVE20").coupon.code == "SAVE20"


def test_a_definition_turns_from_random_to_custom_and_back(shop: Shop) -> None:
    definition = shop.define()
    shop.change(definition, **CUSTOM, custom_code="SAVE10", claimable=True)
    assert shop.validate("SAVE10").decision.allowed
    back = {"code_format": CodeFormat.RANDOM, "custom_code": "", "claimable": False}
    shop.change(definition, **back)
    assert shop.validate("SAVE10").decision.reason == Reason.COUPON_NOT_FOUND


@pytest.mark.parametrize(
    "change",
    [
        {"custom_code": "OTHER"},
        {"case_sensitive": True},
        {"code_format": CodeFormat.RANDOM, "custom_code": ""},
    ],
    ids=str,
)
def test_codes_are_frozen_once_there_are_coupons(
    shop: Shop, change: dict[str, Any]
) -> None:
    definition = shop.share("SAVE10")
    shop.give(definition)
    assert refusal(shop.change, definition, **change) == AdminReason.CODE_RULES_FROZEN


def test_what_does_not_change_is_not_frozen(shop: Shop) -> None:
    definition = shop.share("SAVE10")
    shop.give(definition)
    same = {"custom_code": "SAVE10", "case_sensitive": False}
    assert shop.change(definition, name="New", **same).name == "New"


def test_lengths_of_codes_to_come_may_change(shop: Shop) -> None:
    definition = shop.define()
    shop.give(definition)
    shop.change(definition, code_length=12)
    assert len(shop.give(definition)) == 12


# ------------------------------------------------------------------------ limits


def test_a_total_limit_counts_what_was_used_before(shop: Shop) -> None:
    definition = shop.define(per_code_limit=0)
    code = shop.give(definition)
    for _ in range(3):
        shop.redeem(code)
    assert shop.change(definition, total_limit=4).used_count == 3
    shop.redeem(code)
    assert refusal(shop.redeem, code) == Reason.POOL_EMPTY
    assert_invariants()


def test_a_total_limit_that_was_lifted_and_set_again_is_right(shop: Shop) -> None:
    definition = shop.define(per_code_limit=0, total_limit=5)
    code = shop.give(definition)
    shop.redeem(code)
    assert shop.change(definition, total_limit=0).used_count == 0
    shop.redeem(code)
    assert shop.change(definition, total_limit=2).used_count == 2
    assert refusal(shop.redeem, code) == Reason.POOL_EMPTY


@pytest.mark.parametrize("limit", ["total_limit", "per_code_limit"])
def test_no_limit_goes_below_what_was_used(shop: Shop, limit: str) -> None:
    definition = shop.define(per_code_limit=5, total_limit=9)
    code = shop.give(definition)
    for _ in range(3):
        shop.redeem(code)
    reason = refusal(shop.change, definition, **{limit: 2})
    assert reason == AdminReason.LIMIT_BELOW_USES
    assert getattr(shop.change(definition, **{limit: 3}), limit) == 3
    assert_invariants()


def test_a_used_up_coupon_lives_again_under_a_higher_limit(shop: Shop) -> None:
    definition = shop.define()
    code = shop.give(definition)
    shop.redeem(code)
    shop.change(definition, per_code_limit=2)
    assert shop.redeem(code).coupon.redemption_count == 2


def test_reversed_dates_are_refused(shop: Shop) -> None:
    definition = shop.define(expires_at=NOW)
    reason = refusal(shop.change, definition, starts_at=NOW)
    assert reason == AdminReason.DATES_REVERSED


# ------------------------------------------------------------------- reward items


def test_an_unknown_reward_item_is_refused(shop: Shop) -> None:
    reason = refusal(shop.define, reward_item_id=SOMEBODY_ELSES)
    assert reason == AdminReason.UNKNOWN_REWARD_ITEM


def test_another_tenants_reward_item_is_refused(shop: Shop) -> None:
    definition = shop.define()
    foreign = {"reward_item_id": new_shop().reward_item_id}
    assert refusal(shop.define, **foreign) == AdminReason.UNKNOWN_REWARD_ITEM
    reason = refusal(shop.change, definition, **foreign)
    assert reason == AdminReason.UNKNOWN_REWARD_ITEM


# -------------------------------------------------------------------------- lists


def test_definitions_are_listed_newest_first(shop: Shop) -> None:
    made = [shop.define() for _ in range(3)]
    found, total = definitions.listed(shop.tenant_id, Page(limit=2))
    assert (found, total) == ([made[2], made[1]], 3)


def test_definitions_are_found_by_status_and_by_a_part_of_the_name(shop: Shop) -> None:
    wanted = shop.pause(shop.define(name="Summer 100% SALE"))
    shop.define(name="summer holidays")
    shop.define(name="Winter")
    paused, _ = definitions.listed(shop.tenant_id, Page(), DefinitionStatus.PAUSED)
    named, _ = definitions.listed(shop.tenant_id, Page(), name="MER")
    literal, _ = definitions.listed(shop.tenant_id, Page(), name="0%")
    assert paused == literal == [wanted]
    assert len(named) == 2


def test_the_same_status_again_changes_nothing(shop: Shop) -> None:
    definition = shop.pause(shop.define())
    assert shop.pause(definition) == definition
