"""The codes of creators: lists, revocation and statistics."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from coupon_core.domain.codes import to_lookup_key
from coupon_core.domain.models import Page
from coupon_core.domain.models.campaigns import CampaignStats, CodeStats
from coupon_core.domain.models.creators import CreatorCode
from coupon_core.domain.rules.redemption import get_shared_code_status
from coupon_core.domain.timestamps import format_timestamp_milliseconds
from coupon_core.persistence.database import execute, execute_for_values
from coupon_core.persistence.report_database import fetch_report_rows
from coupon_core.persistence.row_mapping import DEFINITION_COLUMNS, to_definition
from coupon_core.persistence.tables import SharedCodeTable, to_datetime

SELECT_CODES = f"""
    SELECT s.code, s.creator_key, s.revoked_at, p.campaign_id, p.package_id,
        p.package_no, {DEFINITION_COLUMNS}
    FROM shared_code s
    JOIN package p ON p.tenant_id = :tenant_id AND p.definition_id = s.definition_id
    JOIN definition d ON d.tenant_id = :tenant_id AND d.definition_id = s.definition_id
    WHERE s.tenant_id = :tenant_id AND s.creator_key = :creator_key
    AND s.creator_key <> ''
"""
SELECT_CREATORS = """
    SELECT definition_id, code_key, creator_key FROM shared_code
    WHERE tenant_id = :tenant_id AND creator_key <> '' AND code_key {among}
"""
REVOKE = """
    UPDATE shared_code SET revoked_at = COALESCE(revoked_at, :now)
    WHERE tenant_id = :tenant_id AND code_key = :code_key
    AND creator_key = :creator_key
"""
REVOKE_ALL = """
    UPDATE shared_code SET revoked_at = COALESCE(revoked_at, :now)
    WHERE tenant_id = :tenant_id AND creator_key = :creator_key AND creator_key <> ''
"""
# Coupons are claimed copies of these codes; unused ones are not counted.
USER_COUNT = "count(DISTINCT c.user_id)"
FROM_PACKAGES = """
    FROM package p
    JOIN shared_code s ON s.tenant_id = :tenant_id
    AND s.definition_id = p.definition_id
    LEFT JOIN coupon c ON c.tenant_id = :tenant_id AND c.code_key = s.code_key
    AND c.definition_id = s.definition_id AND c.redemption_count > 0
    WHERE p.tenant_id = :tenant_id
"""
CAMPAIGN_CONDITION = "AND p.campaign_id = :campaign_id"
CREATOR_CONDITION = "AND s.creator_key = :creator_key AND s.creator_key <> ''"
GROUP_COLUMNS = (
    "p.definition_id, p.package_id, p.package_no, p.campaign_id, s.creator_key"
)
SELECT_PACKAGE_USAGE = f"""
    SELECT {GROUP_COLUMNS}, count(DISTINCT s.code_key),
        COALESCE(sum(c.redemption_count), 0), {USER_COUNT} {FROM_PACKAGES}
    {{condition}} GROUP BY {GROUP_COLUMNS} ORDER BY {GROUP_COLUMNS}
"""
# All coupons of a custom code share it.
SELECT_DEFINITION_USAGE = """
    SELECT d.definition_id, NULL, NULL, d.campaign_id, NULL,
        CASE d.code_format WHEN 'custom' THEN 1 ELSE count(c.coupon_id) END,
        COALESCE(sum(c.redemption_count), 0),
        count(DISTINCT CASE WHEN c.redemption_count > 0 THEN c.user_id END)
    FROM definition d
    LEFT JOIN coupon c ON c.tenant_id = :tenant_id
    AND c.definition_id = d.definition_id
    WHERE d.tenant_id = :tenant_id AND d.campaign_id = :campaign_id
    AND NOT EXISTS (SELECT 1 FROM package p WHERE p.tenant_id = :tenant_id
        AND p.definition_id = d.definition_id)
    GROUP BY d.definition_id, d.campaign_id, d.code_format ORDER BY d.definition_id
"""
COUNT_CAMPAIGN_USERS = f"""
    SELECT {USER_COUNT} FROM definition d
    JOIN coupon c ON c.tenant_id = :tenant_id AND c.definition_id = d.definition_id
    WHERE d.tenant_id = :tenant_id AND d.campaign_id = :campaign_id
    AND c.redemption_count > 0
"""
COUNT_CREATOR_USERS = f"SELECT {USER_COUNT} {FROM_PACKAGES} {CREATOR_CONDITION}"


def list_codes(
    tenant_id: str, creator_key: str, page: Page, now: datetime
) -> list[CreatorCode]:
    """Return the codes of a creator in order, with their status at a time."""
    sql = f"{SELECT_CODES} ORDER BY s.code_key LIMIT :limit OFFSET :offset"
    creator_parameters = {"tenant_id": tenant_id, "creator_key": creator_key}
    page_parameters = {"limit": page.limit, "offset": page.offset}
    rows = execute(sql, creator_parameters | page_parameters).fetchall()
    return [_to_creator_code(row, now) for row in rows]


def count(tenant_id: str, creator_key: str) -> int:
    """Return how many codes a creator has, including revoked ones."""
    query = SharedCodeTable.select().where(
        SharedCodeTable.tenant_id == tenant_id,
        SharedCodeTable.creator_key == creator_key,
        SharedCodeTable.creator_key != "",
    )
    return int(query.count())


def revoke(
    tenant_id: str, creator_key: str, codes: Iterable[str], now: datetime
) -> int:
    """Revoke codes of a creator; return how many of them exist."""
    rows = [
        {
            "tenant_id": tenant_id,
            "creator_key": creator_key,
            "code_key": to_lookup_key(code),
            "now": format_timestamp_milliseconds(now),
        }
        for code in codes
    ]
    return sum(execute(REVOKE, row).rowcount for row in rows)


def revoke_all(tenant_id: str, creator_key: str, now: datetime) -> int:
    """Revoke all codes of a creator; return how many there are."""
    parameters = {
        "tenant_id": tenant_id,
        "creator_key": creator_key,
        "now": format_timestamp_milliseconds(now),
    }
    return int(execute(REVOKE_ALL, parameters).rowcount)


def get_stats(
    tenant_id: str, campaign_id: str = "", creator_key: str = ""
) -> CampaignStats:
    """Return the usage of everything in a campaign, or of the codes of a creator."""
    parameters = {
        "tenant_id": tenant_id,
        "campaign_id": campaign_id,
        "creator_key": creator_key,
    }
    statements = (
        (
            SELECT_PACKAGE_USAGE.format(condition=CAMPAIGN_CONDITION),
            SELECT_DEFINITION_USAGE,
        )
        if campaign_id
        else (SELECT_PACKAGE_USAGE.format(condition=CREATOR_CONDITION),)
    )
    rows = [
        CodeStats(*row[:5], *map(int, row[5:]))
        for sql in statements
        for row in fetch_report_rows(sql, parameters)
    ]
    count_users = COUNT_CAMPAIGN_USERS if campaign_id else COUNT_CREATOR_USERS
    return CampaignStats(
        sum(row.code_count for row in rows),
        sum(row.redemption_count for row in rows),
        user_count=int(fetch_report_rows(count_users, parameters)[0][0]),
        rows=tuple(rows),
    )


def _to_creator_code(row: Any, now: datetime) -> CreatorCode:
    code, creator_key, revoked_at, campaign_id, package_id, package_no = row[:6]
    revoked_at = to_datetime(revoked_at) if revoked_at else None
    return CreatorCode(
        code,
        creator_key,
        campaign_id=campaign_id,
        package_id=package_id,
        package_no=package_no,
        status=get_shared_code_status(to_definition(row[6:]), revoked_at, now=now),
        revoked_at=revoked_at,
    )


def find_creators(
    tenant_id: str, code_keys: Collection[str]
) -> dict[tuple[str, str], str]:
    """Return the creators who hand out codes, by definition and lookup key."""
    if not code_keys:
        return {}
    rows = execute_for_values(
        SELECT_CREATORS, "text", [*code_keys], {"tenant_id": tenant_id}
    )
    return {
        (str(definition_id), code_key): creator_key
        for definition_id, code_key, creator_key in rows.fetchall()
    }
