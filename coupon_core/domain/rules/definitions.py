"""What is wrong with a definition, or with a change of one."""

from collections.abc import Iterator

from coupon_core.domain import codes
from coupon_core.domain.models import (
    NO_LIMIT,
    AdminReason,
    CodeFormat,
    CouponUses,
    Definition,
)

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
