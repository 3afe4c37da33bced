"""Reports: sums of what was counted per quarter of an hour."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from coupon_core.domain.models.reports import (
    Bucket,
    Counts,
    RefusalRow,
    ReportFilter,
    ReportPeriod,
)
from coupon_core.domain.report_counts import COUNTED_FIELDS, WHOLE_TENANT
from coupon_core.domain.rules.report_buckets import find_bucket
from coupon_core.domain.timestamps import format_timestamp_milliseconds
from coupon_core.persistence.database import is_postgresql
from coupon_core.persistence.id_generation import get_id_timestamp
from coupon_core.persistence.report_database import fetch_report_rows
from coupon_core.persistence.repositories.campaigns import (
    SELECT_DEFINITIONS_OF_CAMPAIGN,
)
from coupon_core.persistence.repositories.outbox import UNCOUNTED_CONDITION
from coupon_core.persistence.tables import to_datetime

# PostgreSQL would return sums of bigint as numeric.
SUMS = ", ".join(f"CAST(sum(q.{name}) AS bigint)" for name in COUNTED_FIELDS)
IN_PERIOD = """
    WHERE q.tenant_id = :tenant_id AND q.quarter_at >= :start_at
    AND q.quarter_at < :end_at
"""
SELECT_BUCKETS = f"""
    SELECT min(q.quarter_at), {SUMS} FROM report_quarter q {IN_PERIOD}
"""
# A group is known by its first quarter. On SQLite each quarter is a group.
GROUP_BY_BUCKET = "GROUP BY width_bucket(q.quarter_at, CAST(:starts AS timestamptz[]))"
GROUP_BY_QUARTER = "GROUP BY q.quarter_at"
# The rows of the whole tenant name the same creators and APIs as those of definitions.
OF_TENANT = "AND q.definition_id = :whole_tenant"
CONDITIONS: Mapping[str, str] = {
    "definition_id": "AND q.definition_id = :definition_id",
    "campaign_id": f"AND q.definition_id IN ({SELECT_DEFINITIONS_OF_CAMPAIGN})",
    "creator_key": "AND q.creator_key = :creator_key",
    "dialect": "AND q.dialect = :dialect",
}
SELECT_REFUSALS = """
    SELECT q.action, q.reason, CAST(sum(q.refused) AS bigint),
        max(CASE WHEN q.resolution = 'day' THEN 1 ELSE 0 END)
    FROM refusal_count q
    WHERE q.tenant_id = :tenant_id AND q.bucket_at >= :start_at
    AND q.bucket_at < :end_at
"""
GROUP_REFUSALS = "GROUP BY q.action, q.reason ORDER BY 3 DESC, 1, 2"
SELECT_FRESHNESS = f"""
    SELECT (SELECT o.event_id FROM outbox o WHERE o.tenant_id = :tenant_id
            AND {UNCOUNTED_CONDITION}
            ORDER BY o.event_id LIMIT 1),
        (SELECT count(*) FROM report_backfill b
            WHERE b.tenant_id = :tenant_id AND b.finished_at IS NULL)
"""


def list_buckets(
    tenant_id: str,
    period: ReportPeriod,
    filters: ReportFilter,
    starts: Sequence[datetime],
) -> list[Bucket]:
    """Return the counts of each bucket; those without a use are zero."""
    on_postgresql = is_postgresql()
    scope = build_conditions(filters)
    if not (filters.definition_id or filters.campaign_id):
        scope += OF_TENANT
    grouping = GROUP_BY_BUCKET if on_postgresql else GROUP_BY_QUARTER
    parameters = build_parameters(tenant_id, period, filters)
    if on_postgresql:
        parameters["starts"] = list(map(format_timestamp_milliseconds, starts))
    counts = [Counts()] * len(starts)
    sql = f"{SELECT_BUCKETS} {scope} {grouping}"
    for quarter, *sums in fetch_report_rows(sql, parameters):
        counts[find_bucket(starts, to_datetime(quarter))] += Counts(*sums)
    return [Bucket(*pair) for pair in zip(starts, counts, strict=True)]


def get_totals(tenant_id: str, period: ReportPeriod, filters: ReportFilter) -> Counts:
    """Return the counts of a whole period."""
    (bucket,) = list_buckets(tenant_id, period, filters, starts=[period.start])
    return bucket.counts


def list_refusals(
    tenant_id: str, period: ReportPeriod, filters: ReportFilter
) -> tuple[list[RefusalRow], bool]:
    """Return refusals by action and reason, most frequent first.

    The second value says whether they contain sums of whole days.
    """
    sql = f"{SELECT_REFUSALS} {build_conditions(filters)} {GROUP_REFUSALS}"
    rows = fetch_report_rows(sql, build_parameters(tenant_id, period, filters))
    return [RefusalRow(*row[:3]) for row in rows], any(row[3] for row in rows)


def get_counted_until(tenant_id: str, now: datetime) -> datetime | None:
    """Return until when all uses are counted; None while older ones are."""
    ((event_id, backfill_count),) = fetch_report_rows(
        SELECT_FRESHNESS, {"tenant_id": tenant_id}
    )
    if backfill_count:
        return None
    return min(now, get_id_timestamp(str(event_id))) if event_id else now


def build_conditions(filters: ReportFilter) -> str:
    """Return the conditions of the filters that are given, on a table `q`."""
    names = [name for name in CONDITIONS if getattr(filters, name) is not None]
    return " ".join(["", *(CONDITIONS[name] for name in names), ""])


def build_parameters(
    tenant_id: str, period: ReportPeriod, filters: ReportFilter
) -> dict[str, Any]:
    """Return the values of the conditions."""
    return {
        "tenant_id": tenant_id,
        "whole_tenant": WHOLE_TENANT,
        "start_at": format_timestamp_milliseconds(period.start),
        "end_at": format_timestamp_milliseconds(period.end),
        **{name: getattr(filters, name) for name in CONDITIONS},
    }
