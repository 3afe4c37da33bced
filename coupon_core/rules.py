"""The decisions, as pure functions: no clock, no I/O; the order is the precedence."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime

from coupon_core import codes
from coupon_core.model import (
    NO_LIMIT,
    AdminReason,
    CodeFormat,
    Coupon,
    CouponStatus,
    CouponUses,
    Decision,
    Definition,
    DefinitionStatus,
    IssuedCoupon,
    Milestone,
    Reason,
    Trigger,
)
from coupon_core.model.creators import CodeStatus


def decide_redeem(issued: IssuedCoupon, now: datetime, user_uses: int = 0) -> Decision:
    """May this coupon be redeemed now? Asked by validate and by redeem alike.

    `user_uses` are those of the user over all codes of the definition. Exactly at
    `starts_at` and at `expires_at` it may (CONTRACTS 0.4).
    """
    return Decision(next(_against_redeem(issued, now, user_uses), None))


def first_usable(
    copies: Sequence[IssuedCoupon], now: datetime, user_uses: int = 0
) -> IssuedCoupon:
    """Of several coupons that a code means, the one to redeem: else the first."""
    if len(copies) > 1:
        for one in copies:
            if decide_redeem(one, now, user_uses).allowed:
                return one
    return copies[0]


def _against_redeem(
    issued: IssuedCoupon, now: datetime, user_uses: int
) -> Iterator[Reason]:
    coupon, definition = issued.coupon, issued.definition
    if coupon.revoked_at or coupon.returned_at:
        yield Reason.REVOKED
    if is_used_up(coupon, definition):
        yield _used_up_reason(definition)
    if definition.status == DefinitionStatus.ARCHIVED:
        yield Reason.ARCHIVED
    if issued.expires_at and now > issued.expires_at:
        yield Reason.EXPIRED
    if definition.starts_at and now < definition.starts_at:
        yield Reason.NOT_YET_ACTIVE
    if definition.per_user_limit and user_uses >= definition.per_user_limit:
        yield Reason.USER_LIMIT
    if counts_uses(definition) and definition.used_count >= definition.total_limit:
        yield Reason.POOL_EMPTY


def counts_uses(definition: Definition) -> bool:
    """True when the total limit is one of uses; of awards when they come first."""
    return definition.total_limit > 0 and not definition.awarded_only


def counts_awards(definition: Definition) -> bool:
    """True when the total limit is one of coupons in users' hands."""
    return definition.total_limit > 0 and definition.awarded_only


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
    if issued.coupon.revoked_at or issued.coupon.returned_at:
        return CouponStatus.REVOKED
    if is_used_up(issued.coupon, issued.definition):
        return CouponStatus.REDEEMED
    if issued.expires_at and now > issued.expires_at:
        return CouponStatus.EXPIRED
    return CouponStatus.ACTIVE


def shared_code_status(
    definition: Definition, revoked_at: datetime | None, now: datetime
) -> CodeStatus:
    """What a creator's code is to those who have not used it yet."""
    if revoked_at or definition.status == DefinitionStatus.ARCHIVED:
        return CodeStatus.INACTIVE
    if definition.expires_at and now > definition.expires_at:
        return CodeStatus.EXPIRED
    if counts_uses(definition) and definition.used_count >= definition.total_limit:
        return CodeStatus.USED
    return CodeStatus.ACTIVE


CLAIMED = frozenset({CodeFormat.CUSTOM, CodeFormat.SHARED})
GIVEN = frozenset({CodeFormat.SHARED, CodeFormat.LISTED})


def against_definition_text(draft: Definition) -> Iterator[AdminReason]:
    """What is wrong with a definition as an admin wrote it."""
    custom = draft.code_format == CodeFormat.CUSTOM
    if custom and not draft.custom_code:
        yield AdminReason.CUSTOM_CODE_MISSING
    if not custom and draft.custom_code:
        yield AdminReason.RANDOM_CODE_WITH_CUSTOM
    if draft.claimable and (draft.code_format not in CLAIMED or draft.awarded_only):
        yield AdminReason.CLAIMABLE_NEEDS_CUSTOM
    if draft.code_pattern and (draft.code_prefix or not _is_random(draft)):
        yield AdminReason.PATTERN_ALONE
    yield from _against_places(draft)
    if draft.starts_at and draft.expires_at and draft.starts_at >= draft.expires_at:
        yield AdminReason.DATES_REVERSED
    if draft.trigger_enabled and draft.trigger_kind is None:
        yield AdminReason.TRIGGER_MISSING


def _is_random(definition: Definition) -> bool:
    return definition.code_format == CodeFormat.RANDOM


def _against_places(draft: Definition) -> Iterator[AdminReason]:
    places = codes.places(draft)
    drawn = sum(len(place) > 1 for place in places)
    if len(places) + draft.code_check > codes.MAX_CODE_LENGTH:
        yield AdminReason.CODE_TOO_LONG
    if not codes.MIN_RANDOM_LENGTH <= drawn <= codes.MAX_RANDOM_LENGTH:
        yield AdminReason.PATTERN_UNFIT
    if not draft.code_check:
        return
    if not _is_random(draft) or len(codes.stem(draft)) < codes.MIN_STEM_LENGTH:
        yield AdminReason.CHECK_NEEDS_STEM


def against_shape_change(
    before: Definition, after: Definition
) -> Iterator[AdminReason]:
    """Codes with a check character are made in one way for ever, or never so.

    What is remembered of them must stay true.
    """
    if not (before.code_check or after.code_check):
        return
    same_shape = codes.shape(before) == codes.shape(after)
    if not same_shape or before.code_format != after.code_format:
        yield AdminReason.CHECKED_CODES_FROZEN


def code_rules(definition: Definition) -> tuple[object, ...]:
    """What may not change once coupons exist: how codes are made and handed out."""
    return (
        definition.code_format,
        definition.custom_code,
        definition.case_sensitive,
        definition.awarded_only,
    )


def concerns_coupons(before: Definition, after: Definition) -> bool:
    """True when a change of a definition depends on the coupons it already has."""
    return code_rules(before) != code_rules(after) or _limits(before) != _limits(after)


def _limits(definition: Definition) -> tuple[int, int, int]:
    limits = definition.per_code_limit, definition.per_user_limit
    return (*limits, definition.total_limit)


def against_change(
    before: Definition, after: Definition, uses: CouponUses
) -> Iterator[AdminReason]:
    """What the coupons of a definition say to a change of it."""
    has_codes = uses.coupon_count or before.code_format in GIVEN
    if has_codes and code_rules(before) != code_rules(after):
        yield AdminReason.CODE_RULES_FROZEN
    if NO_LIMIT < after.per_code_limit < uses.most_of_coupon:
        yield AdminReason.LIMIT_BELOW_USES
    if NO_LIMIT < after.per_user_limit < uses.most_of_user:
        yield AdminReason.LIMIT_BELOW_USES
    if NO_LIMIT < after.total_limit < limited_count(after, uses):
        yield AdminReason.LIMIT_BELOW_USES


def limited_count(definition: Definition, uses: CouponUses) -> int:
    """What a total limit of the definition counts: uses, or coupons in hands."""
    return uses.award_count if definition.awarded_only else uses.use_count


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
    if definition.code_format == CodeFormat.SHARED:
        yield AdminReason.SHARED_CODES_ARE_CLAIMED
    if unassigned and definition.code_format in (CodeFormat.CUSTOM, CodeFormat.LISTED):
        yield AdminReason.CUSTOM_NEEDS_USERS


def against_importing(definition: Definition) -> Iterator[AdminReason]:
    """What speaks against bringing codes along for this definition now."""
    if definition.status != DefinitionStatus.ACTIVE:
        yield AdminReason.NOT_ACTIVE
    if definition.code_format in CLAIMED:
        yield AdminReason.IMPORT_NEEDS_OWN_CODES
