"""The decisions, as pure functions: no clock, no I/O; the order is the precedence."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

from coupon_core import codes
from coupon_core.model import (
    NO_LIMIT,
    AdminReason,
    CodeFormat,
    Coupon,
    CouponStatus,
    Decision,
    Definition,
    DefinitionStatus,
    IssuedCoupon,
    Milestone,
    Reason,
    Trigger,
)


def decide_redeem(issued: IssuedCoupon, now: datetime) -> Decision:
    """May this coupon be redeemed now? Asked by validate and by redeem alike.

    Exactly at `starts_at` and at `expires_at` it may (CONTRACTS 0.4).
    """
    return Decision(next(_against_redeem(issued, now), None))


def _against_redeem(issued: IssuedCoupon, now: datetime) -> Iterator[Reason]:
    coupon, definition = issued.coupon, issued.definition
    if coupon.revoked_at:
        yield Reason.REVOKED
    if is_used_up(coupon, definition):
        yield _used_up_reason(definition)
    if definition.status == DefinitionStatus.ARCHIVED:
        yield Reason.ARCHIVED
    if issued.expires_at and now > issued.expires_at:
        yield Reason.EXPIRED
    if definition.starts_at and now < definition.starts_at:
        yield Reason.NOT_YET_ACTIVE
    if definition.total_limit and definition.used_count >= definition.total_limit:
        yield Reason.POOL_EMPTY


def _used_up_reason(definition: Definition) -> Reason:
    return Reason.ALREADY_REDEEMED if is_single_use(definition) else Reason.USED_UP


def is_single_use(definition: Definition) -> bool:
    """True when one use is all that a coupon allows."""
    return definition.per_code_limit == 1


def is_used_up(coupon: Coupon, definition: Definition) -> bool:
    """True when the coupon's own uses are spent (CONTRACTS 0.6)."""
    limit = definition.per_code_limit
    return limit != NO_LIMIT and coupon.redemption_count >= limit


def coupon_status(issued: IssuedCoupon, now: datetime) -> CouponStatus:
    """What the coupon is at this moment; told from facts, never stored."""
    if issued.coupon.revoked_at:
        return CouponStatus.REVOKED
    if is_used_up(issued.coupon, issued.definition):
        return CouponStatus.REDEEMED
    if issued.expires_at and now > issued.expires_at:
        return CouponStatus.EXPIRED
    return CouponStatus.ACTIVE


def against_definition_text(draft: Definition) -> Iterator[AdminReason]:
    """What is wrong with a definition as an admin wrote it."""
    custom = draft.code_format == CodeFormat.CUSTOM
    if custom and not draft.custom_code:
        yield AdminReason.CUSTOM_CODE_MISSING
    if not custom and draft.custom_code:
        yield AdminReason.RANDOM_CODE_WITH_CUSTOM
    if draft.claimable and not custom:
        yield AdminReason.CLAIMABLE_NEEDS_CUSTOM
    if len(draft.code_prefix) + draft.code_length > codes.MAX_CODE_LENGTH:
        yield AdminReason.CODE_TOO_LONG
    if draft.starts_at and draft.expires_at and draft.starts_at >= draft.expires_at:
        yield AdminReason.DATES_REVERSED
    if draft.trigger_enabled and draft.trigger_kind is None:
        yield AdminReason.TRIGGER_MISSING


def code_rules(definition: Definition) -> tuple[object, ...]:
    """What may not change once coupons exist: how codes are made and compared."""
    return definition.code_format, definition.custom_code, definition.case_sensitive


def concerns_coupons(before: Definition, after: Definition) -> bool:
    """True when a change of a definition depends on the coupons it already has."""
    return code_rules(before) != code_rules(after) or _limits(before) != _limits(after)


def _limits(definition: Definition) -> tuple[int, int]:
    return definition.per_code_limit, definition.total_limit


def against_change(
    before: Definition, after: Definition, coupons: int, most_uses: int, uses: int
) -> Iterator[AdminReason]:
    """What the coupons of a definition say to a change of it.

    `coupons` counts them, `most_uses` is the most that one was used, `uses` is the
    sum over all.
    """
    if coupons and code_rules(before) != code_rules(after):
        yield AdminReason.CODE_RULES_FROZEN
    if NO_LIMIT < after.per_code_limit < most_uses:
        yield AdminReason.LIMIT_BELOW_USES
    if NO_LIMIT < after.total_limit < uses:
        yield AdminReason.LIMIT_BELOW_USES


def is_earned_by(definition: Definition, milestone: Milestone) -> bool:
    """Does this milestone earn a coupon of this definition (CONTRACTS 0.17)?"""
    return (
        definition.status == DefinitionStatus.ACTIVE
        and definition.trigger_enabled
        and definition.trigger_kind == milestone.trigger_kind
        and definition.trigger_source == milestone.source_id
        and REACHES[milestone.trigger_kind](milestone.value, definition)
    )


REACHES: Mapping[Trigger, Callable[[int, Definition], bool]] = {
    Trigger.STREAK_MILESTONE: lambda day, of: day == of.trigger_threshold,
    Trigger.ACHIEVEMENT_COMPLETED: lambda _, of: True,
    Trigger.LEADERBOARD_RANK: lambda rank, of: rank <= of.trigger_threshold,
}


def against_generating(
    definition: Definition, unassigned: bool
) -> Iterator[AdminReason]:
    """What speaks against making coupons of this definition now."""
    if definition.status != DefinitionStatus.ACTIVE:
        yield AdminReason.NOT_ACTIVE
    if unassigned and definition.code_format == CodeFormat.CUSTOM:
        yield AdminReason.CUSTOM_NEEDS_USERS
