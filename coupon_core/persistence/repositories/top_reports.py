"""Rankings: what was redeemed most, by definition, campaign, creator, code or user."""

from collections.abc import Sequence
from typing import Any

from coupon_core.domain.models.campaigns import select_default_text
from coupon_core.domain.models.reports import (
    ReportFilter,
    ReportPeriod,
    TopBy,
    TopRow,
)
from coupon_core.domain.rules.report_plans import ReadingPlan, plan_reading
from coupon_core.persistence.id_generation import get_min_integer_id_at
from coupon_core.persistence.report_database import fetch_report_rows
from coupon_core.persistence.repositories.reports import (
    CONDITIONS,
    IN_PERIOD,
    OF_ALL_CREATORS,
    OF_TENANT,
    build_conditions,
    build_parameters,
    fetch_planned_rows,
    format_for_plan,
)
from coupon_core.persistence.tables import parse_json

MAX_USER_ROWS = 50_000
# These lead PostgreSQL to the period of each key in the primary key.
OF_ALL_DEFINITIONS = """
    AND q.definition_id IN (SELECT d.definition_id FROM definition d
        WHERE d.tenant_id = :tenant_id)
"""
OF_CREATORS = """
    AND q.creator_key IN (SELECT c.creator_key FROM creator c
        WHERE c.tenant_id = :tenant_id)
"""
# Uses are counted by definition and creator. If a creator has several codes of one
# definition, they are one row.
OF_SHARED_CODES = """
    AND (q.definition_id, q.creator_key) IN (
        SELECT s.definition_id, s.creator_key FROM shared_code s
        WHERE s.tenant_id = :tenant_id)
"""
RANKED = """
    CAST(sum(q.redeemed) AS bigint) AS redeemed,
    CAST(sum(q.reversed) AS bigint) AS reversed
"""
HAVING_USES = "HAVING sum(q.redeemed) + sum(q.reversed) > 0"
# The days are summed first: they are in the order of the primary key, and the ranking
# then sorts and joins one row of each key.
COUNTED = f"""
    (SELECT q.definition_id, q.creator_key, sum(q.redeemed) AS redeemed,
        sum(q.reversed) AS reversed
    FROM {{table}} q {IN_PERIOD} {{scope}} GROUP BY q.definition_id, q.creator_key
    UNION ALL
    SELECT q.definition_id, q.creator_key, r.weight * q.redeemed, r.weight * q.reversed
    FROM {{rows}} {{edges}}) AS q
"""
LIMITED = "ORDER BY redeemed DESC, reversed, {key} LIMIT :limit"
SELECT_TOP_DEFINITIONS = f"""
    SELECT t.key, d.name, t.redeemed, t.reversed, 1 FROM (
        SELECT q.definition_id AS key, {RANKED} FROM {COUNTED}
        GROUP BY q.definition_id {HAVING_USES}
        {LIMITED.format(key="q.definition_id")}) t
    LEFT JOIN definition d ON d.tenant_id = :tenant_id AND d.definition_id = t.key
    ORDER BY t.redeemed DESC, t.reversed, t.key
"""
SELECT_TOP_CAMPAIGNS = f"""
    SELECT t.key, c.names, t.redeemed, t.reversed, 1 FROM (
        SELECT m.campaign_id AS key, {RANKED} FROM {COUNTED}
        JOIN (SELECT p.definition_id, p.campaign_id FROM package p
            WHERE p.tenant_id = :tenant_id
            UNION SELECT d.definition_id, d.campaign_id FROM definition d
            WHERE d.tenant_id = :tenant_id AND d.campaign_id <> '') m
        ON m.definition_id = q.definition_id
        GROUP BY m.campaign_id {HAVING_USES}
        {LIMITED.format(key="m.campaign_id")}) t
    LEFT JOIN campaign c ON c.tenant_id = :tenant_id AND c.campaign_id = t.key
    ORDER BY t.redeemed DESC, t.reversed, t.key
"""
SELECT_TOP_CREATORS = f"""
    SELECT t.key, c.name, t.redeemed, t.reversed, 1 FROM (
        SELECT q.creator_key AS key, {RANKED} FROM {COUNTED}
        GROUP BY q.creator_key {HAVING_USES}
        {LIMITED.format(key="q.creator_key")}) t
    LEFT JOIN creator c ON c.tenant_id = :tenant_id AND c.creator_key = t.key
    ORDER BY t.redeemed DESC, t.reversed, t.key
"""
SHARED_CODES = """
    FROM shared_code s WHERE s.tenant_id = :tenant_id
    AND s.definition_id = t.definition_id AND s.creator_key = t.creator_key
"""
SELECT_TOP_CODES = f"""
    SELECT (SELECT min(s.code) {SHARED_CODES}), d.name, t.redeemed, t.reversed,
        (SELECT count(*) {SHARED_CODES}) FROM (
        SELECT q.definition_id, q.creator_key, {RANKED} FROM {COUNTED}
        GROUP BY q.definition_id, q.creator_key {HAVING_USES}
        {LIMITED.format(key="q.definition_id, q.creator_key")}) t
    LEFT JOIN definition d
    ON d.tenant_id = :tenant_id AND d.definition_id = t.definition_id
    ORDER BY t.redeemed DESC, t.reversed, t.definition_id, t.creator_key
"""
TOP_STATEMENTS = {
    TopBy.DEFINITION: SELECT_TOP_DEFINITIONS,
    TopBy.CAMPAIGN: SELECT_TOP_CAMPAIGNS,
    TopBy.CREATOR: SELECT_TOP_CREATORS,
    TopBy.CODE: SELECT_TOP_CODES,
}
# The limit comes before the filters, so that it bounds the rows that are read.
REDEMPTIONS_IN_PERIOD = """
    FROM redemption r WHERE r.tenant_id = :tenant_id
    AND r.redemption_id >= :first_id AND r.redemption_id < :end_id LIMIT :max_rows
"""
COUNT_REDEMPTIONS = f"""
    SELECT count(*) FROM (SELECT 1 {REDEMPTIONS_IN_PERIOD}) AS counted
"""
SELECT_TOP_USERS = f"""
    SELECT q.user_id, NULL, count(*) AS redeemed,
        count(COALESCE(q.reversed_at, q.refunded_at)) AS reversed, 1
    FROM (SELECT r.user_id, r.definition_id, r.dialect, r.coupon_id, r.refunded_at,
        r.reversed_at {REDEMPTIONS_IN_PERIOD}) AS q
    WHERE true {{condition}} GROUP BY q.user_id
    {LIMITED.format(key="q.user_id")}
"""
CREATOR_OF_REDEMPTION = """
    EXISTS (SELECT 1 FROM coupon c JOIN shared_code s ON s.tenant_id = :tenant_id
        AND s.code_key = c.code_key AND s.definition_id = c.definition_id
        WHERE c.tenant_id = :tenant_id AND c.coupon_id = q.coupon_id
        AND s.creator_key = :creator_key)
"""


def list_top(
    tenant_id: str,
    by: TopBy,
    period: ReportPeriod,
    filters: ReportFilter,
    limit: int,
) -> list[TopRow]:
    """Return what was redeemed most by definition, campaign, creator or code."""
    plan = plan_reading([period.start], period.end)
    scope = build_conditions(filters) + _build_scope(by, filters)
    sql = format_for_plan(TOP_STATEMENTS[by], plan, scope)
    parameters = build_parameters(tenant_id, plan, filters) | {"limit": limit}
    return [_to_row(by, row) for row in fetch_planned_rows(sql, plan, parameters)]


def _build_scope(by: TopBy, filters: ReportFilter) -> str:
    """Return conditions by which each use in the scope of the filters is read once."""
    if by == TopBy.CODE:
        return OF_SHARED_CODES
    has_definitions = filters.definition_id or filters.campaign_id
    if by == TopBy.CREATOR:
        return OF_CREATORS if has_definitions else OF_CREATORS + OF_TENANT
    creators = "" if filters.creator_key else OF_ALL_CREATORS
    return creators if has_definitions else creators + OF_ALL_DEFINITIONS


def list_top_users(
    tenant_id: str, period: ReportPeriod, filters: ReportFilter, limit: int
) -> list[TopRow] | None:
    """Return the users with most redemptions; None if there are too many to count.

    `reversed` counts those of these redemptions that were given back at any time.
    """
    plan = ReadingPlan(False, [period.start], period.end)
    parameters = build_parameters(tenant_id, plan, filters) | {
        "first_id": get_min_integer_id_at(period.start),
        "end_id": get_min_integer_id_at(period.end),
        "max_rows": MAX_USER_ROWS + 1,
        "limit": limit,
    }
    ((count,),) = fetch_report_rows(COUNT_REDEMPTIONS, parameters)
    if count > MAX_USER_ROWS:
        return None
    conditions = build_conditions(filters).replace(
        CONDITIONS["creator_key"], f"AND {CREATOR_OF_REDEMPTION}"
    )
    rows = fetch_report_rows(SELECT_TOP_USERS.format(condition=conditions), parameters)
    return [_to_row(TopBy.USER, row) for row in rows]


def _to_row(by: TopBy, row: Sequence[Any]) -> TopRow:
    key, name, *counts = row
    if by == TopBy.CAMPAIGN:
        name = select_default_text(parse_json(name or "{}"))
    return TopRow(str(key), name or None, *counts)
