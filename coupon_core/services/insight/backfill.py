"""Fill the reports with the uses before the cut-over, each exactly once."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from coupon_core.domain.report_counts import Counts, ReportCounts, get_quarter
from coupon_core.persistence.database import transaction
from coupon_core.persistence.repositories import report_backfills
from coupon_core.persistence.repositories.report_backfills import (
    PastUse,
    list_due_tenants,
)
from coupon_core.persistence.repositories.report_counts import raise_counts

__all__ = ["CHUNK_SIZE", "continue_backfill", "list_due_tenants"]

CHUNK_SIZE = 2_000  # redemptions; takes far less than a second on either database


def continue_backfill(tenant_id: str, now: datetime, limit: int = CHUNK_SIZE) -> int:
    """Count the next redemptions of a tenant and return their number.

    Returns 0 if all are counted, or another process continues.
    """
    with transaction():
        uses = report_backfills.take_chunk(tenant_id, limit, now)
        raise_counts(tenant_id, _build_counts(uses))
    return len(uses)


def _build_counts(uses: Iterable[PastUse]) -> Iterator[ReportCounts]:
    for use in uses:
        if use.redeemed_at:
            yield _to_counts(use, use.redeemed_at, Counts(redeemed=1))
        if use.returned_at:
            yield _to_counts(use, use.returned_at, Counts(reversed=1))


def _to_counts(use: PastUse, moment: datetime, counts: Counts) -> ReportCounts:
    return ReportCounts(
        use.definition_id,
        get_quarter(moment),
        creator_key=use.creator_key,
        dialect=use.dialect,
        counts=counts,
    )
