"""Tests of definitions: unique names and codes, frozen code rules, and limits."""

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
from tests.factories.tenant import NOW, TenantFactory, create_tenant
from tests.support.invariants import assert_invariants
from tests.support.refusals import capture_refusal

CUSTOM = {"code_format": CodeFormat.CUSTOM}
UNKNOWN_ID = "018f0000-0000-7000-8000-000000000000"


def test_a_definition_is_stored_as_it_was_made(tenant: TenantFactory) -> None:
    definition = tenant.define(
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
    assert tenant.reload_definition(definition) == definition


def test_absent_members_have_the_documented_defaults(tenant: TenantFactory) -> None:
    definition = tenant.define()
    assert definition.status == DefinitionStatus.ACTIVE
    assert (definition.code_format, definition.code_length) == (CodeFormat.RANDOM, 8)
    assert (definition.per_code_limit, definition.total_limit) == (1, 0)


def test_another_tenants_definition_is_unknown(tenant: TenantFactory) -> None:
    definition = tenant.define()
    other = create_tenant()
    for action in (other.reload_definition, other.pause, other.change):
        assert capture_refusal(action, definition) == AdminReason.DEFINITION_NOT_FOUND


# ------------------------------------------------------------------------- names


@pytest.mark.parametrize("name", ["Welcome", "foreign key", "Unique constraint"])
def test_a_name_is_taken_once(tenant: TenantFactory, name: str) -> None:
    tenant.define(name=name)
    assert capture_refusal(tenant.define, name=name) == AdminReason.NAME_TAKEN


def test_a_name_is_not_changed_to_a_taken_one(tenant: TenantFactory) -> None:
    tenant.define(name="Welcome")
    other = tenant.define(name="Goodbye")
    assert (
        capture_refusal(tenant.change, other, name="Welcome") == AdminReason.NAME_TAKEN
    )
    assert tenant.reload_definition(other) == other


def test_names_are_each_tenants_own(tenant: TenantFactory) -> None:
    tenant.define(name="Welcome")
    assert create_tenant().define(name="Welcome").name == "Welcome"


# ------------------------------------------------------------------------- codes

# First code and whether it is case-sensitive, the same for a second code, and whether
# the second code is free (`docs/api-contracts.md` 5, row 19).
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
    tenant: TenantFactory,
    first: str,
    cased: bool,
    second: str,
    cased_too: bool,
    free: bool,
) -> None:
    tenant.define_custom(first, case_sensitive=cased)
    if free:
        assert (
            tenant.define_custom(second, case_sensitive=cased_too).custom_code == second
        )
    else:
        reason = capture_refusal(tenant.define_custom, second, case_sensitive=cased_too)
        assert reason == AdminReason.CODE_TAKEN


@pytest.mark.parametrize(("first", "cased", "second", "cased_too", "free"), CODE_PAIRS)
def test_a_code_is_changed_only_to_a_free_one(
    tenant: TenantFactory,
    first: str,
    cased: bool,
    second: str,
    cased_too: bool,
    free: bool,
) -> None:
    tenant.define_custom(first, case_sensitive=cased)
    other = tenant.define_custom("OTHER")
    change = {"custom_code": second, "case_sensitive": cased_too}
    if free:
        assert tenant.change(other, **change).custom_code == second
    else:
        assert capture_refusal(tenant.change, other, **change) == AdminReason.CODE_TAKEN
        assert tenant.reload_definition(other) == other


def test_codes_are_each_tenants_own(tenant: TenantFactory) -> None:
    tenant.define_custom("SAVE10")
    assert create_tenant().define_custom("SAVE10").custom_code == "SAVE10"


@pytest.mark.parametrize("cased", [False, True])
def test_a_coupons_random_code_is_taken(tenant: TenantFactory, cased: bool) -> None:
    code = tenant.issue_unassigned_code(tenant.define())
    for typed in (code, code.lower()):
        reason = capture_refusal(tenant.define_custom, typed, case_sensitive=cased)
        assert reason == AdminReason.CODE_TAKEN


def test_an_archived_definition_keeps_its_code(tenant: TenantFactory) -> None:
    tenant.archive(tenant.define_custom("SAVE10"))
    assert capture_refusal(tenant.define_custom, "save10") == AdminReason.CODE_TAKEN


def test_a_code_that_was_given_up_is_free(tenant: TenantFactory) -> None:
    definition = tenant.define_custom("SAVE10")
    tenant.change(definition, custom_code="SAVE20")
    assert tenant.define_custom("SAVE10").custom_code == "SAVE10"
    assert tenant.define_claimable("SAVE30").custom_code == "SAVE30"


def test_a_new_code_works_and_the_old_one_does_not(tenant: TenantFactory) -> None:
    definition = tenant.define_claimable("SAVE10")
    tenant.change(definition, custom_code="SAVE20")
    assert capture_refusal(tenant.redeem, "SAVE10") == Reason.COUPON_NOT_FOUND
    assert tenant.redeem("SAVE20").coupon.code == "SAVE20"


def test_a_definition_turns_from_random_to_custom_and_back(
    tenant: TenantFactory,
) -> None:
    definition = tenant.define()
    tenant.change(definition, **CUSTOM, custom_code="SAVE10", claimable=True)
    assert tenant.validate("SAVE10").decision.is_allowed
    back = {"code_format": CodeFormat.RANDOM, "custom_code": "", "claimable": False}
    tenant.change(definition, **back)
    assert tenant.validate("SAVE10").decision.reason == Reason.COUPON_NOT_FOUND


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
    tenant: TenantFactory, change: dict[str, Any]
) -> None:
    definition = tenant.define_custom("SAVE10")
    tenant.issue_code(definition)
    assert (
        capture_refusal(tenant.change, definition, **change)
        == AdminReason.CODE_RULES_FROZEN
    )


def test_what_does_not_change_is_not_frozen(tenant: TenantFactory) -> None:
    definition = tenant.define_custom("SAVE10")
    tenant.issue_code(definition)
    same = {"custom_code": "SAVE10", "case_sensitive": False}
    assert tenant.change(definition, name="New", **same).name == "New"


def test_lengths_of_codes_to_come_may_change(tenant: TenantFactory) -> None:
    definition = tenant.define()
    tenant.issue_code(definition)
    tenant.change(definition, code_length=12)
    assert len(tenant.issue_code(definition)) == 12


# ------------------------------------------------------------------------ limits


def test_a_total_limit_counts_what_was_used_before(tenant: TenantFactory) -> None:
    definition = tenant.define(per_code_limit=0)
    code = tenant.issue_code(definition)
    for _ in range(3):
        tenant.redeem(code)
    assert tenant.change(definition, total_limit=4).used_count == 3
    tenant.redeem(code)
    assert capture_refusal(tenant.redeem, code) == Reason.POOL_EMPTY
    assert_invariants()


def test_a_total_limit_that_was_lifted_and_set_again_is_right(
    tenant: TenantFactory,
) -> None:
    definition = tenant.define(per_code_limit=0, total_limit=5)
    code = tenant.issue_code(definition)
    tenant.redeem(code)
    assert tenant.change(definition, total_limit=0).used_count == 0
    tenant.redeem(code)
    assert tenant.change(definition, total_limit=2).used_count == 2
    assert capture_refusal(tenant.redeem, code) == Reason.POOL_EMPTY


@pytest.mark.parametrize("limit", ["total_limit", "per_code_limit"])
def test_no_limit_goes_below_what_was_used(tenant: TenantFactory, limit: str) -> None:
    definition = tenant.define(per_code_limit=5, total_limit=9)
    code = tenant.issue_code(definition)
    for _ in range(3):
        tenant.redeem(code)
    reason = capture_refusal(tenant.change, definition, **{limit: 2})
    assert reason == AdminReason.LIMIT_BELOW_USES
    assert getattr(tenant.change(definition, **{limit: 3}), limit) == 3
    assert_invariants()


def test_a_used_up_coupon_lives_again_under_a_higher_limit(
    tenant: TenantFactory,
) -> None:
    definition = tenant.define()
    code = tenant.issue_code(definition)
    tenant.redeem(code)
    tenant.change(definition, per_code_limit=2)
    assert tenant.redeem(code).coupon.redemption_count == 2


def test_reversed_dates_are_refused(tenant: TenantFactory) -> None:
    definition = tenant.define(expires_at=NOW)
    reason = capture_refusal(tenant.change, definition, starts_at=NOW)
    assert reason == AdminReason.DATES_REVERSED


# ------------------------------------------------------------------- reward items


def test_an_unknown_reward_item_is_refused(tenant: TenantFactory) -> None:
    reason = capture_refusal(tenant.define, reward_item_id=UNKNOWN_ID)
    assert reason == AdminReason.UNKNOWN_REWARD_ITEM


def test_another_tenants_reward_item_is_refused(tenant: TenantFactory) -> None:
    definition = tenant.define()
    foreign = {"reward_item_id": create_tenant().reward_item_id}
    assert capture_refusal(tenant.define, **foreign) == AdminReason.UNKNOWN_REWARD_ITEM
    reason = capture_refusal(tenant.change, definition, **foreign)
    assert reason == AdminReason.UNKNOWN_REWARD_ITEM


# -------------------------------------------------------------------------- lists


def test_definitions_are_listed_newest_first(tenant: TenantFactory) -> None:
    created = [tenant.define() for _ in range(3)]
    found, total = definitions.list_definitions(tenant.tenant_id, Page(limit=2))
    assert (found, total) == ([created[2], created[1]], 3)


def test_definitions_are_found_by_status_and_by_a_part_of_the_name(
    tenant: TenantFactory,
) -> None:
    wanted = tenant.pause(tenant.define(name="Summer 100% SALE"))
    tenant.define(name="summer holidays")
    tenant.define(name="Winter")
    paused, _ = definitions.list_definitions(
        tenant.tenant_id, Page(), status=DefinitionStatus.PAUSED
    )
    named, _ = definitions.list_definitions(tenant.tenant_id, Page(), name="MER")
    literal, _ = definitions.list_definitions(tenant.tenant_id, Page(), name="0%")
    assert paused == literal == [wanted]
    assert len(named) == 2


def test_the_same_status_again_changes_nothing(tenant: TenantFactory) -> None:
    definition = tenant.pause(tenant.define())
    assert tenant.pause(definition) == definition
