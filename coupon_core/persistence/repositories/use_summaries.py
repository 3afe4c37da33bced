"""Summaries of what many definitions or campaigns were used for, as lists show them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from coupon_core.domain.models.reports import TopBy, UseSummary
from coupon_core.domain.report_counts import ALL_CREATORS
from coupon_core.domain.timestamps import format_timestamp_milliseconds
from coupon_core.persistence.database import is_postgresql
from coupon_core.persistence.report_database import fetch_report_rows
from coupon_core.persistence.row_sets import build_for_rows
from coupon_core.persistence.tables import to_datetime

# The definitions of each row of a list.
SELECT_DEFINITIONS = """
    SELECT r.id AS id, d.definition_id, d.code_format, d.created_at FROM {rows}
    JOIN definition d ON d.tenant_id = :tenant_id AND d.definition_id = r.id
"""
SELECT_OF_CAMPAIGNS = """
    SELECT m.id, m.definition_id, d.code_format, d.created_at FROM (
        SELECT r.id, p.definition_id FROM {rows}
        JOIN package p ON p.tenant_id = :tenant_id AND p.campaign_id = r.id
        UNION SELECT r.id, d.definition_id FROM {rows}
        JOIN definition d ON d.tenant_id = :tenant_id AND d.campaign_id = r.id) m
    JOIN definition d ON d.tenant_id = :tenant_id AND d.definition_id = m.definition_id
"""
MEMBERS = {
    TopBy.DEFINITION: SELECT_DEFINITIONS,
    TopBy.CAMPAIGN: SELECT_OF_CAMPAIGNS,
}
ID_COLUMNS = {TopBy.DEFINITION: "id uuid", TopBy.CAMPAIGN: "id text"}
OF_DEFINITION = "q.tenant_id = :tenant_id AND q.definition_id = m.definition_id"
OF_ALL_CREATORS = "q.creator_key IN ('', :all_creators)"
# Players share the codes of these formats: each coupon of them is a player's copy.
SHARED_FORMATS = "('custom', 'shared')"
# Read backwards from today, as a rule to one row.
SELECT_LAST_USE = f"""
    (SELECT q.day_at FROM report_day q WHERE {OF_DEFINITION}
    AND q.creator_key = {{creator_key}} AND q.redeemed > 0
    ORDER BY q.day_at DESC LIMIT 1)
"""
# PostgreSQL and SQLite would otherwise read the days of all definitions.
DAYS = f"{OF_DEFINITION} AND {OF_ALL_CREATORS} AND q.day_at >= :start_at"
DAYS_ONE_BY_ONE = {
    True: f"""
        CROSS JOIN LATERAL (SELECT q.* FROM report_day q WHERE {DAYS} OFFSET 0) AS q
    """,
    False: f"CROSS JOIN report_day q WHERE {DAYS}",
}
# One statement for all rows of a list: the last days of each row, and then a row for
# each of its definitions.
SELECT_SUMMARIES = f"""
    WITH member AS ({{members}})
    SELECT m.id, q.day_at, CAST(sum(q.redeemed) AS bigint), NULL, NULL, NULL
    FROM member m {{days}} GROUP BY m.id, q.day_at
    UNION ALL
    SELECT m.id, NULL,
        CASE WHEN m.code_format IN {SHARED_FORMATS} THEN
            (SELECT count(*) FROM shared_code s
            WHERE s.tenant_id = :tenant_id AND s.definition_id = m.definition_id)
        ELSE (SELECT CAST(sum(q.generated) AS bigint) FROM report_day q
            WHERE {OF_DEFINITION} AND {OF_ALL_CREATORS} AND q.generated > 0) END,
        {SELECT_LAST_USE.format(creator_key="''")},
        {SELECT_LAST_USE.format(creator_key=":all_creators")},
        CASE WHEN m.code_format NOT IN {SHARED_FORMATS} THEN m.created_at END
    FROM member m
"""
SELECT_CUT_OVER = """
    SELECT b.cut_over_at FROM report_backfill b WHERE b.tenant_id = :tenant_id
"""


def list_summaries(
    tenant_id: str,
    by: TopBy,
    ids: Sequence[str],
    days: Sequence[datetime],
    counted_since: datetime | None,
) -> dict[str, UseSummary]:
    """Return a summary for each definition or campaign; `days` are UTC midnights.

    The codes of definitions that are older than `counted_since` are not all counted.
    """
    sql = SELECT_SUMMARIES.format(
        members=MEMBERS[by], days=DAYS_ONE_BY_ONE[is_postgresql()]
    )
    parameters = {
        "tenant_id": tenant_id,
        "all_creators": ALL_CREATORS,
        "start_at": format_timestamp_milliseconds(days[0]),
    }
    found: dict[str, list[Any]] = {each: [] for each in ids}
    rows = [{"id": each} for each in ids]
    for key, *part in fetch_report_rows(
        *build_for_rows(sql, ID_COLUMNS[by], rows, parameters)
    ):
        found[str(key)].append(part)
    return {
        each: _build_summary(parts, days, counted_since)
        for each, parts in found.items()
    }


def _build_summary(
    parts: Sequence[Sequence[Any]],
    days: Sequence[datetime],
    counted_since: datetime | None,
) -> UseSummary:
    daily = {to_datetime(day): count for day, count, *_ in parts if day}
    members = [part for day, *part in parts if not day]
    last = [to_datetime(each) for _, *uses, _ in members for each in uses if each]
    generating = [to_datetime(created) for *_, created in members if created]
    return UseSummary(
        daily_uses=[daily.get(day, 0) for day in days],
        last_used_on=max(last, default=None),
        code_count=sum(count or 0 for count, *_ in members),
        definition_count=len(members),
        has_all_codes=not counted_since
        or all(created_at >= counted_since for created_at in generating),
    )


def get_cut_over(tenant_id: str) -> datetime | None:
    """Return since when codes are counted; None if they always were."""
    rows = fetch_report_rows(SELECT_CUT_OVER, {"tenant_id": tenant_id})
    return to_datetime(rows[0][0]) if rows else None
