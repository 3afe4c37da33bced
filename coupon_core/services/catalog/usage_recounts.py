"""Recounts of the uses of a definition when its limits change."""

from dataclasses import replace
from datetime import datetime

from coupon_core.domain.models import Definition
from coupon_core.domain.rules import definitions as definition_rules
from coupon_core.domain.rules import usage_periods
from coupon_core.persistence.repositories import coupon_counts, usage_slots
from coupon_core.persistence.repositories import user_usage as user_usage_repository
from coupon_core.services.coupons import reservation_endings


def with_recounted_usage(
    before: Definition, after: Definition, now: datetime
) -> Definition:
    """Return `after` with its uses counted again from the coupons.

    Raises:
        Refused: The existing coupons do not permit the change.
    """
    if not definition_rules.change_affects_coupons(before, after):
        return after
    while reservation_endings.reclaim(before, "", now):
        pass  # until no ended reservation is counted
    usage = coupon_counts.get_usage(after.tenant_id, after.definition_id)
    if after.user_period_limit:
        period_start = usage_periods.get_period_start(after, now)
        max_count = user_usage_repository.get_max_period_use_count(after, period_start)
        usage = replace(usage, max_user_period_use_count=max_count)
    for refusal in definition_rules.definition_change_violations(before, after, usage):
        raise refusal
    used_count = (
        definition_rules.total_limit_usage(after, usage) if after.total_limit else 0
    )
    return replace(after, used_count=used_count)


def store_recounted_usage(before: Definition, after: Definition, now: datetime) -> None:
    """Store the uses that `with_recounted_usage` has counted, and those per user.

    Uses per user are counted again if they were not counted before the change. The
    caller must hold `lock_coupons_exclusively`.
    """
    if definition_rules.change_affects_coupons(before, after):
        usage_slots.store_count(after)
    if after.per_user_limit and not before.per_user_limit:
        user_usage_repository.recount(after.tenant_id, after.definition_id)
    if usage_periods.counts_in_other_periods(before, after):
        user_usage_repository.recount_period(
            after,
            usage_periods.get_period_key(after, now),
            since=usage_periods.get_period_start(after, now),
        )
