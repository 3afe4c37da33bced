"""Summaries of the uses of many definitions or campaigns, for lists of them."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from coupon_core.domain.models.reports import TopBy, UseSummary
from coupon_core.domain.report_counts import get_midnight
from coupon_core.persistence.repositories import use_summaries

__all__ = ["SUMMARY_DAYS", "summarize"]

SUMMARY_DAYS = 30


def summarize(
    tenant_id: str, by: TopBy, ids: Sequence[str], *, now: datetime, kept_days: int = 0
) -> dict[str, UseSummary]:
    """Return a summary for each definition or campaign by ID, read from the counts.

    Counts are kept for `kept_days`; 0 means without a limit.
    """
    if not ids:
        return {}
    today = get_midnight(now)
    days = [today - timedelta(days=age) for age in reversed(range(SUMMARY_DAYS))]
    limits = [use_summaries.get_cut_over(tenant_id)]
    if kept_days:
        limits.append(today - timedelta(days=kept_days))
    counted_since = max((limit for limit in limits if limit), default=None)
    return use_summaries.list_summaries(
        tenant_id, by, ids=ids, days=days, counted_since=counted_since
    )
