"""Packages, the attribution of codes to them, and their use by users."""

from dataclasses import asdict, fields
from typing import Any

from peewee import fn

from coupon_core.domain.codes import to_lookup_key
from coupon_core.domain.models import Page
from coupon_core.domain.models.packages import (
    Attribution,
    CodeUsage,
    Package,
    PackageWithDefinition,
)
from coupon_core.persistence.database import execute
from coupon_core.persistence.row_mapping import (
    DEFINITION_COLUMNS,
    build_conversions,
    convert_row,
    format_columns,
    to_definition,
)
from coupon_core.persistence.tables import PackageTable, parse_json, to_datetime

COLUMNS = format_columns(Package, "p")
COLUMN_COUNT = len(fields(Package))
CONVERSIONS = build_conversions(
    Package,
    item_name=parse_json,
    item_description=parse_json,
    rewards=lambda text: tuple(parse_json(text)),
    is_active=bool,
    starts_at=to_datetime,
    ends_at=to_datetime,
    created_at=to_datetime,
    updated_at=to_datetime,
)

SELECT_WITH_DEFINITION = f"""
    SELECT {COLUMNS}, {DEFINITION_COLUMNS} FROM package p
    JOIN definition d ON d.tenant_id = :tenant_id AND d.definition_id = p.definition_id
    WHERE p.tenant_id = :tenant_id
"""
SELECT_BY_CODE = f"""
    SELECT s.creator_key, {COLUMNS} FROM shared_code s
    JOIN package p ON p.tenant_id = :tenant_id AND p.definition_id = s.definition_id
    WHERE s.tenant_id = :tenant_id AND s.code_key = :code_key
"""
# Starts from the coupons of the user, which are indexed.
FROM_REDEMPTIONS = """
    FROM coupon c
    JOIN redemption r ON r.tenant_id = :tenant_id AND r.coupon_id = c.coupon_id
    LEFT JOIN shared_code s ON s.tenant_id = :tenant_id AND s.code_key = c.code_key
    AND s.definition_id = c.definition_id
    LEFT JOIN package p ON p.tenant_id = :tenant_id
    AND p.definition_id = c.definition_id
    WHERE c.tenant_id = :tenant_id AND c.user_id = :user_id AND c.user_id <> ''
    AND r.refunded_at IS NULL
"""


def insert(package: Package) -> None:
    """Insert a package."""
    PackageTable.insert(asdict(package)).execute()


def update(package: Package) -> None:
    """Overwrite a package."""
    key_condition = PackageTable.match_key(package.tenant_id, package.package_id)
    PackageTable.update(asdict(package)).where(key_condition).execute()


def get_next_number(tenant_id: str, campaign_id: str) -> int:
    """Return the number of the next package of a campaign.

    The caller must hold the lock of the campaign.
    """
    query = PackageTable.select(fn.MAX(PackageTable.package_no)).where(
        PackageTable.tenant_id == tenant_id, PackageTable.campaign_id == campaign_id
    )
    return int(query.scalar() or 0) + 1


def get(tenant_id: str, package_id: int) -> PackageWithDefinition | None:
    """Return a package with its definition, or None."""
    sql = f"{SELECT_WITH_DEFINITION} AND p.package_id = :package_id"
    parameters = {"tenant_id": tenant_id, "package_id": package_id}
    row = execute(sql, parameters).fetchone()
    return _to_package_with_definition(row) if row else None


def find_by_definition(tenant_id: str, definition_id: str) -> Package | None:
    """Return the package of a definition, or None."""
    sql = f"""SELECT {COLUMNS} FROM package p
        WHERE p.tenant_id = :tenant_id AND p.definition_id = :definition_id"""
    parameters = {"tenant_id": tenant_id, "definition_id": definition_id}
    row = execute(sql, parameters).fetchone()
    return to_package(row) if row else None


def list_by_campaign(tenant_id: str, campaign_id: str) -> list[PackageWithDefinition]:
    """Return all packages of a campaign by number, with their definitions."""
    sql = f"""{SELECT_WITH_DEFINITION} AND p.campaign_id = :campaign_id
        ORDER BY p.package_no"""
    parameters = {"tenant_id": tenant_id, "campaign_id": campaign_id}
    return [
        _to_package_with_definition(row) for row in execute(sql, parameters).fetchall()
    ]


def list_packages(
    tenant_id: str, page: Page, campaign_id: str | None = None
) -> tuple[list[PackageWithDefinition], int]:
    """Return the packages of a tenant, newest first, and the total of all matches."""
    condition = "AND p.campaign_id = :campaign_id" if campaign_id is not None else ""
    parameters = {"tenant_id": tenant_id, "campaign_id": campaign_id}
    count_sql = f"""SELECT count(*) FROM package p
        WHERE p.tenant_id = :tenant_id {condition}"""
    total = execute(count_sql, parameters).fetchone()[0]
    sql = f"""{SELECT_WITH_DEFINITION} {condition}
        ORDER BY p.package_id DESC LIMIT :limit OFFSET :offset"""
    page_parameters = {"limit": page.limit, "offset": page.offset}
    rows = execute(sql, parameters | page_parameters).fetchall()
    return [_to_package_with_definition(row) for row in rows], total


def find_attribution(tenant_id: str, code: str) -> Attribution:
    """Return the creator and the package of a code; empty for other codes."""
    parameters = {"tenant_id": tenant_id, "code_key": to_lookup_key(code)}
    row = execute(SELECT_BY_CODE, parameters).fetchone()
    return Attribution(row[0], to_package(row[1:])) if row else Attribution()


def list_code_usages(
    tenant_id: str, user_id: str, page: Page
) -> tuple[list[CodeUsage], int]:
    """Return the redemptions of a user, newest first, and their total.

    Refunded redemptions are left out.
    """
    parameters = {"tenant_id": tenant_id, "user_id": user_id}
    total = execute(f"SELECT count(*) {FROM_REDEMPTIONS}", parameters).fetchone()[0]
    sql = f"""SELECT r.redemption_id, r.user_id, c.code, r.redeemed_at, p.package_id,
        p.campaign_id, s.creator_key {FROM_REDEMPTIONS}
        ORDER BY r.redeemed_at DESC, r.redemption_id DESC LIMIT :limit OFFSET :offset"""
    page_parameters = {"limit": page.limit, "offset": page.offset}
    rows = execute(sql, parameters | page_parameters).fetchall()
    return [_to_code_usage(row) for row in rows], total


def _to_code_usage(row: Any) -> CodeUsage:
    redemption_id, user_id, code, used_at, package_id, campaign_id, creator_key = row
    return CodeUsage(
        redemption_id,
        user_id,
        code=code,
        used_at=to_datetime(used_at),
        package_id=package_id,
        campaign_id=campaign_id,
        creator_key=creator_key or None,
    )


def _to_package_with_definition(row: Any) -> PackageWithDefinition:
    return PackageWithDefinition(
        to_package(row[:COLUMN_COUNT]), to_definition(row[COLUMN_COUNT:])
    )


def to_package(row: Any) -> Package:
    """Return the value of a row of `COLUMNS`."""
    return Package(*convert_row(row, CONVERSIONS))
