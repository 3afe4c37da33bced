"""Summaries of what many definitions or campaigns were used for, as lists show them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from coupon_core.domain.models.reports import TopBy, UseSummary
from coupon_core.domain.report_counts import ALL_CREATORS
from coupon_core.domain.timestamps import format_timestamp_milliseconds
from coupon_core.persistence.report_database import fetch_report_rows
from coupon_core.persistence.row_sets import build_for_rows
from coupon_core.persistence.tables import to_datetime

# The definitions of each row of a list.
MEMBERS = {
    TopBy.DEFINITION: """
        SELECT r.id AS id, d.definition_id, d.code_format, d.created_at FROM {rows}
        JOIN definition d ON d.tenant_id = :tenant_id AND d.definition_id = r.id
    """,
    TopBy.CAMPAIGN: """
        SELECT m.id, m.definition_id, d.code_format, d.created_at FROM (
            SELECT r.id, p.definition_id FROM {rows}
            JOIN package p ON p.tenant_id = :tenant_id AND p.campaign_id = r.id
            UNION SELECT r.id, d.definition_id FROM {rows}
            JOIN definition d ON d.tenant_id = :tenant_id AND d.campaign_id = r.id) m
        JOIN definition d ON d.tenant_id = :tenant_id
        AND d.definition_id = m.definition_id
    """,
}
ID_COLUMNS = {TopBy.DEFINITION: "id uuid", TopBy.CAMPAIGN: "id text"}
COUNTS = """
    JOIN report_day q ON q.tenant_id = :tenant_id
    AND q.definition_id = m.definition_id AND q.creator_key IN ('', :all_creators)
"""
# Players share the codes of these formats: each coupon of them is a player's copy.
SHARED_FORMATS = "('custom', 'shared')"
OF_ALL_DAYS, OF_A_DAY, OF_SHARED_CODES, OF_DEFINITIONS = range(4)
# One statement for all rows; the first column says what a row is about.
SELECT_SUMMARIES = f"""
    WITH member AS ({{members}})
    SELECT {OF_ALL_DAYS}, m.id, max(CASE WHEN q.redeemed > 0 THEN q.day_at END),
        CAST(sum(CASE WHEN m.code_format NOT IN {SHARED_FORMATS} THEN q.generated
            ELSE 0 END) AS bigint)
    FROM member m {COUNTS} GROUP BY m.id
    UNION ALL
    SELECT {OF_A_DAY}, m.id, q.day_at, CAST(sum(q.redeemed) AS bigint)
    FROM member m {COUNTS} AND q.day_at >= :start_at GROUP BY m.id, q.day_at
    UNION ALL
    SELECT {OF_SHARED_CODES}, m.id, NULL, count(*)
    FROM member m JOIN shared_code s ON s.tenant_id = :tenant_id
    AND s.definition_id = m.definition_id GROUP BY m.id
    UNION ALL
    SELECT {OF_DEFINITIONS}, m.id,
        min(CASE WHEN m.code_format NOT IN {SHARED_FORMATS} THEN m.created_at END),
        count(*)
    FROM member m GROUP BY m.id
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
    sql = SELECT_SUMMARIES.format(members=MEMBERS[by])
    parameters = {
        "tenant_id": tenant_id,
        "all_creators": ALL_CREATORS,
        "start_at": format_timestamp_milliseconds(days[0]),
    }
    found: dict[str, list[Any]] = {each: [] for each in ids}
    rows = [{"id": each} for each in ids]
    for kind, key, moment, count in fetch_report_rows(
        *build_for_rows(sql, ID_COLUMNS[by], rows, parameters)
    ):
        found[str(key)].append((kind, moment and to_datetime(moment), count))
    return {
        each: _build_summary(parts, days, counted_since)
        for each, parts in found.items()
    }


def _build_summary(
    parts: Sequence[tuple[int, datetime | None, int]],
    days: Sequence[datetime],
    counted_since: datetime | None,
) -> UseSummary:
    daily = {moment: count for kind, moment, count in parts if kind == OF_A_DAY}
    dates = {kind: moment for kind, moment, _ in parts if kind != OF_A_DAY}
    counts = {kind: count for kind, _, count in parts if kind != OF_A_DAY}
    oldest = dates.get(OF_DEFINITIONS)
    return UseSummary(
        daily_uses=[daily.get(day, 0) for day in days],
        last_used_on=dates.get(OF_ALL_DAYS),
        code_count=counts.get(OF_ALL_DAYS, 0) + counts.get(OF_SHARED_CODES, 0),
        definition_count=counts.get(OF_DEFINITIONS, 0),
        has_all_codes=not (oldest and counted_since and oldest < counted_since),
    )


def get_cut_over(tenant_id: str) -> datetime | None:
    """Return since when codes are counted; None if they always were."""
    rows = fetch_report_rows(SELECT_CUT_OVER, {"tenant_id": tenant_id})
    return to_datetime(rows[0][0]) if rows else None
