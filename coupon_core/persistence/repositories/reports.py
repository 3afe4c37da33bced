"""Reports: sums of what was counted per quarter of an hour and per day."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from coupon_core.domain.models.reports import (
    Bucket,
    RefusalRow,
    ReportFilter,
    ReportPeriod,
)
from coupon_core.domain.report_counts import (
    ALL_CREATORS,
    COUNTED_FIELDS,
    WHOLE_TENANT,
    Counts,
    sum_counts,
)
from coupon_core.domain.rules.report_buckets import find_bucket
from coupon_core.domain.rules.report_plans import ReadingPlan, plan_reading
from coupon_core.domain.timestamps import format_timestamp_milliseconds
from coupon_core.persistence.database import is_postgresql
from coupon_core.persistence.id_generation import get_id_timestamp
from coupon_core.persistence.report_database import fetch_report_rows
from coupon_core.persistence.repositories.campaigns import (
    SELECT_DEFINITIONS_OF_CAMPAIGN,
)
from coupon_core.persistence.repositories.outbox import UNCOUNTED_CONDITION
from coupon_core.persistence.row_sets import build_for_rows
from coupon_core.persistence.tables import to_datetime

# PostgreSQL would return sums of bigint as numeric.
SUMS = ", ".join(f"CAST(sum(q.{name}) AS bigint)" for name in COUNTED_FIELDS)
IN_PERIOD = """
    WHERE q.tenant_id = :tenant_id AND q.{at} >= :start_at AND q.{at} < :end_at
"""
IN_EDGE = """
    q.tenant_id = :tenant_id AND q.{at} >= r.start_at AND q.{at} < r.end_at {scope}
"""
# PostgreSQL cannot estimate how few quarters an edge has: it would read all of them
# once rather than the edges one by one.
# SQLite would read all quarters of each key, and then compare them with the edges; it
# does not reorder the tables of a CROSS JOIN.
JOIN_EDGES = f"CROSS JOIN {{table}} q ON {IN_EDGE}"
JOIN_EDGES_ONE_BY_ONE = f"""
    CROSS JOIN LATERAL (
        SELECT q.* FROM {{table}} q WHERE {IN_EDGE} OFFSET 0) AS q
"""
EDGE_COLUMNS = "number int, weight int, start_at timestamptz, end_at timestamptz"
# One statement, so that the quarters of edges are contained in the days. On SQLite each
# quarter or day is a group.
SELECT_BUCKETS = f"""
    SELECT {{part}}, NULL, {SUMS} FROM {{table}} q {IN_PERIOD} {{scope}} GROUP BY 1
    UNION ALL
    SELECT NULL, r.number, {SUMS} FROM {{rows}} {{edges}}
    GROUP BY r.number
"""
PART = """
    date_bin(CAST(:part AS interval), q.{at}, CAST(:last_start AS timestamptz))
"""
TABLES = {True: ("report_day", "day_at"), False: ("report_quarter", "quarter_at")}
OF_TENANT = " AND q.definition_id = :whole_tenant"
# Codes without a creator, and the sums of those with one.
OF_ALL_CREATORS = " AND q.creator_key IN ('', :all_creators)"
CONDITIONS: Mapping[str, str] = {
    "definition_id": "AND q.definition_id = :definition_id",
    "campaign_id": f"AND q.definition_id IN ({SELECT_DEFINITIONS_OF_CAMPAIGN})",
    "creator_key": "AND q.creator_key = :creator_key",
    "dialect": "AND q.dialect = :dialect",
}
REFUSALS = """
    (SELECT c.* FROM refusal_count c
    WHERE c.tenant_id = :tenant_id AND c.resolution = '{resolution}')
"""
REFUSAL_TABLES = {
    True: (REFUSALS.format(resolution="day"), "bucket_at"),
    False: (REFUSALS.format(resolution="quarter"), "bucket_at"),
}
SELECT_REFUSALS = f"""
    SELECT q.action, q.reason, CAST(sum(q.refused) AS bigint) FROM (
        SELECT q.action, q.reason, q.refused FROM {{table}} q {IN_PERIOD} {{scope}}
        UNION ALL
        SELECT q.action, q.reason, r.weight * q.refused FROM {{rows}} {{edges}}) AS q
    GROUP BY q.action, q.reason HAVING sum(q.refused) > 0 ORDER BY 3 DESC, 1, 2
"""
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
    plan = plan_reading(starts, period.end)
    scope = build_conditions(filters)
    if not (filters.definition_id or filters.campaign_id):
        scope += OF_TENANT
    if filters.creator_key is None:
        scope += OF_ALL_CREATORS
    parameters = build_parameters(tenant_id, plan, filters) | {
        "part": f"{plan.part_minutes} minutes",
        "last_start": format_timestamp_milliseconds(plan.starts[-1]),
    }
    part = PART if is_postgresql() else "q.{at}"
    sql = format_for_plan(SELECT_BUCKETS.replace("{part}", part), plan, scope)
    found: list[list[Counts]] = [[] for _ in starts]
    for part_at, edge, *sums in fetch_planned_rows(sql, plan, parameters):
        if edge is None:
            number = find_bucket(plan.starts, to_datetime(part_at))
            # The part in which the first bucket begins may begin before it.
            found[max(number, 0)].append(Counts._make(sums))
        else:
            for number, weight in plan.edges[edge].weights:
                found[number].append(Counts._make(weight * each for each in sums))
    return [Bucket(*pair) for pair in zip(starts, map(sum_counts, found), strict=True)]


def get_totals(tenant_id: str, period: ReportPeriod, filters: ReportFilter) -> Counts:
    """Return the counts of a whole period."""
    (bucket,) = list_buckets(tenant_id, period, filters, starts=[period.start])
    return bucket.counts


def list_refusals(
    tenant_id: str, plan: ReadingPlan, filters: ReportFilter
) -> list[RefusalRow]:
    """Return refusals by action and reason, most frequent first."""
    scope = build_conditions(filters)
    sql = format_for_plan(SELECT_REFUSALS, plan, scope, tables=REFUSAL_TABLES)
    parameters = build_parameters(tenant_id, plan, filters)
    return [RefusalRow(*row) for row in fetch_planned_rows(sql, plan, parameters)]


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
    tenant_id: str, plan: ReadingPlan, filters: ReportFilter
) -> dict[str, Any]:
    """Return the values of the conditions."""
    return {
        "tenant_id": tenant_id,
        "whole_tenant": WHOLE_TENANT,
        "all_creators": ALL_CREATORS,
        "start_at": format_timestamp_milliseconds(plan.starts[0]),
        "end_at": format_timestamp_milliseconds(plan.end),
        **{name: getattr(filters, name) for name in CONDITIONS},
    }


def format_for_plan(
    sql: str,
    plan: ReadingPlan,
    scope: str,
    tables: Mapping[bool, tuple[str, str]] = TABLES,
) -> str:
    """Return a statement with the table that the plan reads, and further conditions."""
    table, at = tables[plan.reads_days]
    quarters, quarter_at = tables[False]
    edges = JOIN_EDGES_ONE_BY_ONE if is_postgresql() else JOIN_EDGES
    return sql.format(
        table=table,
        at=at,
        scope=scope,
        edges=edges.format(table=quarters, at=quarter_at, scope=scope),
        rows="{rows}",
    )


def fetch_planned_rows(
    sql: str, plan: ReadingPlan, parameters: Mapping[str, Any]
) -> list[Any]:
    """Return the rows of a statement in which `{rows}` are the edges of the plan.

    Their weight is that in the first bucket.
    """
    edges = [
        {
            "number": number,
            "weight": edge.weights[0][1],
            "start_at": format_timestamp_milliseconds(edge.start),
            "end_at": format_timestamp_milliseconds(edge.end),
        }
        for number, edge in enumerate(plan.edges)
    ]
    return fetch_report_rows(*build_for_rows(sql, EDGE_COLUMNS, edges, parameters))
