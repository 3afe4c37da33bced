"""Test the precedence of violations, for every pair of them and at every boundary."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import combinations
from typing import Any

import pytest

from coupon_core.domain.models import (
    AdminReason,
    CodeFormat,
    Coupon,
    CouponStatus,
    CouponUsage,
    Definition,
    DefinitionStatus,
    IssuedCoupon,
    Milestone,
    Reason,
    RewardItem,
    Trigger,
    UserUsage,
)
from coupon_core.domain.models.reservations import ReservedUses
from coupon_core.domain.rules import definitions as definition_rules
from coupon_core.domain.rules import generation as generation_rules
from coupon_core.domain.rules import redemption as redemption_rules
from coupon_core.services.catalog.definitions import DEFAULTS

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
ONE_MILLISECOND = timedelta(milliseconds=1)
BEFORE, AFTER = NOW - ONE_MILLISECOND, NOW + ONE_MILLISECOND

DEFINITION = Definition(
    tenant_id="acme",
    definition_id="d",
    name="Welcome",
    status=DefinitionStatus.ACTIVE,
    reward_item_id="r",
    used_count=0,
    created_at=NOW,
    updated_at=NOW,
    **DEFAULTS,
)
COUPON = Coupon(
    tenant_id="acme",
    coupon_id="c",
    definition_id="d",
    user_id="ann",
    code="SAVE10",
    generated_at=NOW,
    expires_at=None,
    redeemed_at=None,
    redemption_count=0,
    revoked_at=None,
)
REWARD_ITEM = RewardItem(
    tenant_id="acme",
    item_id="r",
    name="Points",
    description="",
    reward_type="points",
    payload={},
    created_at=NOW,
    updated_at=NOW,
)


def build_issued_coupon(
    definition: dict[str, Any], coupon: dict[str, Any]
) -> IssuedCoupon:
    """Return an issued coupon that differs from the default in these fields."""
    return IssuedCoupon(
        replace(COUPON, **coupon),
        replace(DEFINITION, **definition),
        reward_item=REWARD_ITEM,
    )


# Reason, definition, coupon; in order of precedence (docs/api-contracts.md 0.4).
FAULTS = [
    (Reason.REVOKED, {}, {"revoked_at": BEFORE}),
    (Reason.SUSPENDED, {"suspended_at": BEFORE}, {}),
    (Reason.ALREADY_REDEEMED, {}, {"redemption_count": 1}),
    (Reason.ARCHIVED, {"status": DefinitionStatus.ARCHIVED}, {}),
    (Reason.ARCHIVED, {"is_campaign_ended": True}, {}),
    (Reason.EXPIRED, {"expires_at": BEFORE}, {}),
    (Reason.NOT_YET_ACTIVE, {"starts_at": AFTER}, {}),
    (Reason.POOL_EMPTY, {"total_limit": 2, "used_count": 2}, {}),
]


@pytest.mark.parametrize(("reason", "definition", "coupon"), FAULTS)
def test_a_fault_alone_is_the_answer(
    reason: Reason, definition: dict[str, Any], coupon: dict[str, Any]
) -> None:
    issued = build_issued_coupon(definition, coupon)
    assert redemption_rules.decide_redeem(issued, NOW).reason == reason


@pytest.mark.parametrize(
    ("first", "second"),
    list(combinations(FAULTS, 2)),
    ids=lambda fault: fault[0],
)
def test_of_two_faults_the_first_is_the_answer(first: Any, second: Any) -> None:
    issued = build_issued_coupon(first[1] | second[1], first[2] | second[2])
    assert redemption_rules.decide_redeem(issued, NOW).reason == first[0]


ALLOWED = {
    "nothing set": ({}, {}),
    "exactly at the start": ({"starts_at": NOW}, {}),
    "exactly at the end": ({"expires_at": NOW}, {}),
    "exactly at its own end": ({}, {"expires_at": NOW}),
    "its own later end wins": ({"expires_at": BEFORE}, {"expires_at": AFTER}),
    "paused": ({"status": DefinitionStatus.PAUSED}, {}),
    "one use left": ({"per_code_limit": 3}, {"redemption_count": 2}),
    "without a limit": ({"per_code_limit": 0}, {"redemption_count": 9_999}),
    "one left in the pool": ({"total_limit": 2, "used_count": 1}, {}),
    "a counter without a limit": ({"total_limit": 0, "used_count": 5}, {}),
}


@pytest.mark.parametrize("case", ALLOWED)
def test_redeem_is_allowed(case: str) -> None:
    definition, coupon = ALLOWED[case]
    issued = build_issued_coupon(definition, coupon)
    assert redemption_rules.decide_redeem(issued, NOW).is_allowed


REFUSED = {
    "a moment before the start": ({"starts_at": AFTER}, {}, Reason.NOT_YET_ACTIVE),
    "a moment after the end": ({"expires_at": BEFORE}, {}, Reason.EXPIRED),
    "its own earlier end wins": (
        {"expires_at": AFTER},
        {"expires_at": BEFORE},
        Reason.EXPIRED,
    ),
    "single use, used": ({}, {"redemption_count": 1}, Reason.ALREADY_REDEEMED),
    "multi use, used up": (
        {"per_code_limit": 3},
        {"redemption_count": 3},
        Reason.USED_UP,
    ),
    "more used than is now allowed": (
        {"per_code_limit": 2},
        {"redemption_count": 3},
        Reason.USED_UP,
    ),
    "an empty pool": (
        {"per_code_limit": 0, "total_limit": 1, "used_count": 1},
        {"redemption_count": 1},
        Reason.POOL_EMPTY,
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_redeem_is_refused(case: str) -> None:
    definition, coupon, reason = REFUSED[case]
    issued = build_issued_coupon(definition, coupon)
    assert redemption_rules.decide_redeem(issued, NOW).reason == reason


STATUSES = {
    "new": ({}, {}, CouponStatus.ACTIVE),
    "not yet begun": ({"starts_at": AFTER}, {}, CouponStatus.ACTIVE),
    "archived": ({"status": DefinitionStatus.ARCHIVED}, {}, CouponStatus.ACTIVE),
    "exactly at the end": ({"expires_at": NOW}, {}, CouponStatus.ACTIVE),
    "over": ({"expires_at": BEFORE}, {}, CouponStatus.EXPIRED),
    "over by its own end": ({}, {"expires_at": BEFORE}, CouponStatus.EXPIRED),
    "used in part": (
        {"per_code_limit": 2},
        {"redemption_count": 1, "redeemed_at": BEFORE},
        CouponStatus.ACTIVE,
    ),
    "used up": ({}, {"redemption_count": 1}, CouponStatus.REDEEMED),
    "used up and over": (
        {"expires_at": BEFORE},
        {"redemption_count": 1},
        CouponStatus.REDEEMED,
    ),
    "used up and revoked": (
        {},
        {"redemption_count": 1, "revoked_at": BEFORE},
        CouponStatus.REVOKED,
    ),
    "often used, unlimited": (
        {"per_code_limit": 0},
        {"redemption_count": 7},
        CouponStatus.ACTIVE,
    ),
}


@pytest.mark.parametrize("case", STATUSES)
def test_status_is_told_from_facts(case: str) -> None:
    definition, coupon, status = STATUSES[case]
    issued = build_issued_coupon(definition, coupon)
    assert redemption_rules.get_coupon_status(issued, NOW) == status


CUSTOM = {"code_format": CodeFormat.CUSTOM, "custom_code": "SAVE10"}
DRAFTS = {
    "random": ({}, []),
    "custom": (CUSTOM, []),
    "claimable custom": ({**CUSTOM, "claimable": True}, []),
    "custom without a code": (
        {**CUSTOM, "custom_code": ""},
        [AdminReason.CUSTOM_CODE_MISSING],
    ),
    "random with a code": (
        {"custom_code": "SAVE10"},
        [AdminReason.RANDOM_CODE_WITH_CUSTOM],
    ),
    "claimable random": ({"claimable": True}, [AdminReason.CLAIMABLE_NEEDS_CUSTOM]),
    "claimable though only awarded": (
        {**CUSTOM, "claimable": True, "awarded_only": True},
        [AdminReason.CLAIMABLE_NEEDS_CUSTOM],
    ),
    "longest code": ({"code_prefix": "P" * 32, "code_length": 32}, []),
    "longer than any code": (
        {"code_prefix": "P" * 33, "code_length": 32},
        [AdminReason.CODE_TOO_LONG],
    ),
    "start before end": ({"starts_at": BEFORE, "expires_at": NOW}, []),
    "start at end": (
        {"starts_at": NOW, "expires_at": NOW},
        [AdminReason.DATES_REVERSED],
    ),
    "a trigger that is none": (
        {"trigger_enabled": True},
        [AdminReason.TRIGGER_MISSING],
    ),
}


@pytest.mark.parametrize("case", DRAFTS)
def test_a_definition_as_written_is_judged(case: str) -> None:
    members, reasons = DRAFTS[case]
    draft = replace(DEFINITION, **members)
    assert list(definition_rules.definition_violations(draft)) == reasons


# Change; number of coupons, maximum uses of one coupon, all uses; reasons.
CHANGES = {
    "new code without coupons": (CUSTOM, (0, 0, 0), []),
    "new code with coupons": (CUSTOM, (1, 0, 0), [AdminReason.CODE_RULES_FROZEN]),
    "case with coupons": (
        {"case_sensitive": True},
        (1, 0, 0),
        [AdminReason.CODE_RULES_FROZEN],
    ),
    "per code to what was used": ({"per_code_limit": 2}, (3, 2, 5), []),
    "per code below": (
        {"per_code_limit": 2},
        (3, 3, 5),
        [AdminReason.LIMIT_BELOW_USES],
    ),
    "per code to none": ({"per_code_limit": 0}, (3, 3, 5), []),
    "per user to what was used": ({"per_user_limit": 5}, (3, 1, 5), []),
    "per user below": (
        {"per_user_limit": 4},
        (3, 1, 5),
        [AdminReason.LIMIT_BELOW_USES],
    ),
    "total to what was used": ({"total_limit": 5}, (3, 1, 5), []),
    "total below": ({"total_limit": 4}, (3, 1, 5), [AdminReason.LIMIT_BELOW_USES]),
    "dates and name": ({"name": "New", "expires_at": AFTER}, (3, 1, 5), []),
}


@pytest.mark.parametrize("case", CHANGES)
def test_coupons_say_what_may_change(case: str) -> None:
    change, counts, reasons = CHANGES[case]
    coupon_count, max_coupon_use_count, use_count = counts
    usage = CouponUsage(
        coupon_count=coupon_count,
        award_count=coupon_count,
        use_count=use_count,
        max_coupon_use_count=max_coupon_use_count,
        max_user_use_count=use_count,
    )
    after = replace(DEFINITION, **change)
    violations = definition_rules.definition_change_violations(
        DEFINITION, after, usage=usage
    )
    assert [refusal.reason for refusal in violations] == reasons


@pytest.mark.parametrize("status", DefinitionStatus)
def test_only_active_definitions_make_coupons(status: DefinitionStatus) -> None:
    definition = replace(DEFINITION, status=status)
    reasons = list(
        generation_rules.generation_violations(definition, is_unassigned=False)
    )
    assert reasons == ([] if status == "active" else [AdminReason.NOT_ACTIVE])


@pytest.mark.parametrize("status", DefinitionStatus)
def test_definitions_of_an_ended_campaign_make_no_coupons(
    status: DefinitionStatus,
) -> None:
    definition = replace(
        DEFINITION,
        status=status,
        is_campaign_ended=True,
        trigger_kind=Trigger.STREAK_MILESTONE,
        trigger_enabled=True,
        trigger_source="daily",
        trigger_threshold=7,
    )
    for violations in (
        generation_rules.generation_violations(definition, is_unassigned=True),
        generation_rules.import_violations(definition),
    ):
        assert next(violations) == AdminReason.NOT_ACTIVE
    assert not generation_rules.is_earned_by(definition, MILESTONE)
    reopened = replace(definition, is_campaign_ended=False)
    is_active = status == DefinitionStatus.ACTIVE
    assert generation_rules.is_earned_by(reopened, MILESTONE) == is_active


MILESTONE = Milestone(
    tenant_id="acme",
    user_id="ann",
    event_id="e1",
    trigger_kind=Trigger.STREAK_MILESTONE,
    source_id="daily",
    value=7,
    occurrence="",
    occurred_at=NOW,
)


def test_shared_codes_need_users() -> None:
    custom = replace(DEFINITION, **CUSTOM)
    reasons = list(generation_rules.generation_violations(custom, is_unassigned=True))
    assert reasons == [AdminReason.CUSTOM_NEEDS_USERS]


RESERVED_CASES = {
    "nothing held": ({}, {}, None),
    "the last use of the code": ({}, {"coupon_counts": {"c": 1}}, Reason.RESERVED),
    "another code": ({}, {"coupon_counts": {"other": 1}}, None),
    "one of two uses": ({"per_code_limit": 2}, {"coupon_counts": {"c": 1}}, None),
    "both uses": (
        {"per_code_limit": 2},
        {"coupon_counts": {"c": 2}},
        Reason.RESERVED,
    ),
    "an own use of an unlimited code": (
        {"per_code_limit": 0},
        {"coupon_counts": {"c": 1}},
        None,
    ),
    "another user's use of an unlimited code": (
        {"per_code_limit": 0},
        {"coupon_counts": {"c": 1}, "coupons_of_others": {"c"}},
        Reason.RESERVED,
    ),
    "the user's limit": ({"per_user_limit": 3}, {"user_count": 1}, Reason.RESERVED),
    "the user's limit, used": ({"per_user_limit": 3}, {}, Reason.USER_LIMIT),
    "the period's limit": (
        {"user_period_limit": 2},
        {"period_count": 1},
        Reason.RESERVED,
    ),
    "the period's limit, used": (
        {"user_period_limit": 2},
        {},
        Reason.USER_PERIOD_LIMIT,
    ),
    "the pool": ({"total_limit": 5, "used_count": 5}, {}, Reason.POOL_EMPTY),
    "ended in the pool": (
        {"total_limit": 5, "used_count": 5},
        {"ended_count": 1},
        None,
    ),
    "archived too": (
        {"status": DefinitionStatus.ARCHIVED},
        {"coupon_counts": {"c": 1}},
        Reason.RESERVED,
    ),
}


@pytest.mark.parametrize(
    ("limits", "reserved", "expected"),
    RESERVED_CASES.values(),
    ids=RESERVED_CASES.keys(),
)
def test_what_is_left_is_refused_while_reservations_hold_it(
    limits: dict[str, Any], reserved: dict[str, Any], expected: Reason | None
) -> None:
    definition = replace(DEFINITION, **limits)
    issued = IssuedCoupon(COUPON, definition, REWARD_ITEM)
    usage = UserUsage(3, 2, ReservedUses(**reserved))
    assert redemption_rules.decide_redeem(issued, NOW, usage).reason == expected


@pytest.mark.parametrize(
    ("definition", "coupon", "expected"),
    [
        ({"expires_at": BEFORE}, {}, None),
        ({"starts_at": AFTER}, {}, None),
        ({"total_limit": 1, "used_count": 1}, {}, None),
        ({"expires_at": BEFORE}, {"revoked_at": NOW}, Reason.REVOKED),
        ({"suspended_at": NOW}, {}, Reason.SUSPENDED),
        ({"status": DefinitionStatus.ARCHIVED}, {}, Reason.ARCHIVED),
        ({}, {"redemption_count": 1}, Reason.ALREADY_REDEEMED),
    ],
    ids=["ended", "early", "pool", "revoked", "suspended", "archived", "used"],
)
def test_a_confirmation_is_refused_only_for_what_was_done_meanwhile(
    definition: dict[str, Any], coupon: dict[str, Any], expected: Reason | None
) -> None:
    issued = IssuedCoupon(
        replace(COUPON, **coupon), replace(DEFINITION, **definition), REWARD_ITEM
    )
    assert redemption_rules.decide_confirmation(issued, NOW).reason == expected
