"""Rules that a definition, or a change of one, must satisfy."""

from collections.abc import Iterator

from coupon_core.domain import codes
from coupon_core.domain.models import (
    NO_LIMIT,
    AdminReason,
    CodeFormat,
    CouponUsage,
    Definition,
    LimitBelowUses,
    Refused,
)

CLAIMABLE_FORMATS = frozenset({CodeFormat.CUSTOM, CodeFormat.SHARED})
PREDEFINED_CODE_FORMATS = frozenset({CodeFormat.SHARED, CodeFormat.LISTED})


def definition_violations(draft: Definition) -> Iterator[AdminReason]:
    """Yield the violations of a definition as an administrator submitted it."""
    is_custom = draft.code_format == CodeFormat.CUSTOM
    if is_custom and not draft.custom_code:
        yield AdminReason.CUSTOM_CODE_MISSING
    if not is_custom and draft.custom_code:
        yield AdminReason.RANDOM_CODE_WITH_CUSTOM
    if draft.claimable and (
        draft.code_format not in CLAIMABLE_FORMATS or draft.awarded_only
    ):
        yield AdminReason.CLAIMABLE_NEEDS_CUSTOM
    if draft.code_pattern and (draft.code_prefix or not _has_random_codes(draft)):
        yield AdminReason.PATTERN_ALONE
    yield from _code_pattern_violations(draft)
    if draft.starts_at and draft.expires_at and draft.starts_at >= draft.expires_at:
        yield AdminReason.DATES_REVERSED
    if draft.refill_count and not _has_random_codes(draft):
        yield AdminReason.REFILL_NEEDS_RANDOM
    if draft.trigger_enabled and draft.trigger_kind is None:
        yield AdminReason.TRIGGER_MISSING


def _has_random_codes(definition: Definition) -> bool:
    return definition.code_format == CodeFormat.RANDOM


def _code_pattern_violations(draft: Definition) -> Iterator[AdminReason]:
    alphabets = codes.position_alphabets(draft)
    random_length = sum(len(alphabet) > 1 for alphabet in alphabets)
    if len(alphabets) + draft.code_check > codes.MAX_CODE_LENGTH:
        yield AdminReason.CODE_TOO_LONG
    if not codes.MIN_RANDOM_LENGTH <= random_length <= codes.MAX_RANDOM_LENGTH:
        yield AdminReason.PATTERN_UNFIT
    if not draft.code_check:
        return
    if (
        not _has_random_codes(draft)
        or len(codes.fixed_prefix(draft)) < codes.MIN_FIXED_PREFIX_LENGTH
    ):
        yield AdminReason.CHECK_NEEDS_STEM


def code_format_change_violations(
    before: Definition, after: Definition
) -> Iterator[AdminReason]:
    """Yield a violation if the code format changes where check characters are used.

    The fixed prefix is stored as one whose codes have a check character, and must stay
    valid. So such a definition keeps its format, and no other can adopt the check.
    """
    if not (before.code_check or after.code_check):
        return
    is_same_format = codes.code_format_key(before) == codes.code_format_key(after)
    if not is_same_format or before.code_format != after.code_format:
        yield AdminReason.CHECKED_CODES_FROZEN


def get_frozen_fields(definition: Definition) -> tuple[object, ...]:
    """Return the fields that cannot change once coupons exist."""
    return (
        definition.code_format,
        definition.custom_code,
        definition.case_sensitive,
        definition.awarded_only,
    )


def change_affects_coupons(before: Definition, after: Definition) -> bool:
    """Return True if a change must be checked against the existing coupons."""
    changes_codes = get_frozen_fields(before) != get_frozen_fields(after)
    return changes_codes or _get_limits(before) != _get_limits(after)


def _get_limits(definition: Definition) -> tuple[object, ...]:
    return (
        definition.per_code_limit,
        definition.per_user_limit,
        definition.total_limit,
        definition.user_period_limit,
        definition.user_period,
        definition.hot,
    )


def definition_change_violations(
    before: Definition, after: Definition, usage: CouponUsage
) -> Iterator[Refused]:
    """Yield the violations of a change, given the usage of the existing coupons."""
    has_codes = usage.coupon_count or before.code_format in PREDEFINED_CODE_FORMATS
    if has_codes and get_frozen_fields(before) != get_frozen_fields(after):
        yield Refused(AdminReason.CODE_RULES_FROZEN)
    for name, limit, use_count in (
        ("per_code", after.per_code_limit, usage.max_coupon_use_count),
        ("per_user", after.per_user_limit, usage.max_user_use_count),
        ("total", after.total_limit, total_limit_usage(after, usage)),
        (
            "per_user_period.max_uses",
            after.user_period_limit,
            usage.max_user_period_use_count,
        ),
    ):
        if NO_LIMIT < limit < use_count:
            yield LimitBelowUses(name, use_count)


def total_limit_usage(definition: Definition, usage: CouponUsage) -> int:
    """Return what a total limit counts: redemptions, or awarded coupons."""
    return usage.award_count if definition.awarded_only else usage.use_count
