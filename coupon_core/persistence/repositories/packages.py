"""Packages, whose code it is, and what users have used of them."""

from dataclasses import asdict, fields
from typing import Any

from peewee import fn

from coupon_core.domain.codes import lookup_key
from coupon_core.domain.models import Page
from coupon_core.domain.models.packages import (
    Attribution,
    CodeUse,
    DefinedPackage,
    Package,
)
from coupon_core.persistence.database import execute
from coupon_core.persistence.row_mapping import (
    DEFINITION_COLUMNS,
    columns,
    conversions,
    converted,
    definition_of,
)
from coupon_core.persistence.tables import Package as Table
from coupon_core.persistence.tables import as_json, as_time

COLUMNS = columns(Package, "p")
WIDTH = len(fields(Package))
CONVERSIONS = conversions(
    Package,
    item_name=as_json,
    item_description=as_json,
    rewards=lambda text: tuple(as_json(text)),
    is_active=bool,
    starts_at=as_time,
    ends_at=as_time,
    created_at=as_time,
    updated_at=as_time,
)

OFFERS = f"""
    SELECT {COLUMNS}, {DEFINITION_COLUMNS} FROM package p
    JOIN definition d ON d.tenant_id = p.tenant_id AND d.definition_id = p.definition_id
    WHERE p.tenant_id = :tenant_id
"""
OF_CODE = f"""
    SELECT s.creator_key, {COLUMNS} FROM shared_code s
    JOIN package p ON p.tenant_id = s.tenant_id AND p.definition_id = s.definition_id
    WHERE s.tenant_id = :tenant_id AND s.code_key = :code_key
"""
# By the user's coupons, for which there is an index, to the uses of each.
USES = """
    FROM coupon c
    JOIN redemption r ON r.tenant_id = c.tenant_id AND r.coupon_id = c.coupon_id
    LEFT JOIN shared_code s ON s.tenant_id = c.tenant_id AND s.code_key = c.code_key
    AND s.definition_id = c.definition_id
    LEFT JOIN package p ON p.tenant_id = c.tenant_id
    AND p.definition_id = c.definition_id
    WHERE c.tenant_id = :tenant_id AND c.user_id = :user_id AND c.user_id <> ''
    AND r.refunded_at IS NULL
"""


def insert(package: Package) -> None:
    """Add a package."""
    Table.insert(asdict(package)).execute()


def update(package: Package) -> None:
    """Overwrite a package."""
    of_tenant = Table.tenant_id == package.tenant_id
    here = of_tenant & (Table.package_id == package.package_id)
    Table.update(asdict(package)).where(here).execute()


def next_number(tenant_id: str, campaign_id: str) -> int:
    """The number of a campaign's next package; the campaign is held by the caller."""
    here = (Table.tenant_id == tenant_id) & (Table.campaign_id == campaign_id)
    last = Table.select(fn.MAX(Table.package_no)).where(here).scalar()
    return int(last or 0) + 1


def get(tenant_id: str, package_id: int) -> DefinedPackage | None:
    """One package with its definition."""
    sql = f"{OFFERS} AND p.package_id = :package_id"
    parameters = {"tenant_id": tenant_id, "package_id": package_id}
    row = execute(sql, parameters).fetchone()
    return _offer_of(row) if row else None


def of_definition(tenant_id: str, definition_id: str) -> Package | None:
    """The package that a definition is, if it is one."""
    sql = f"""SELECT {COLUMNS} FROM package p
        WHERE p.tenant_id = :tenant_id AND p.definition_id = :definition_id"""
    parameters = {"tenant_id": tenant_id, "definition_id": definition_id}
    row = execute(sql, parameters).fetchone()
    return package_of(row) if row else None


def of_campaign(tenant_id: str, campaign_id: str) -> list[DefinedPackage]:
    """All packages of a campaign by number, with their definitions."""
    sql = f"{OFFERS} AND p.campaign_id = :campaign_id ORDER BY p.package_no"
    parameters = {"tenant_id": tenant_id, "campaign_id": campaign_id}
    return [_offer_of(row) for row in execute(sql, parameters).fetchall()]


def listed(
    tenant_id: str, page: Page, campaign_id: str | None = None
) -> tuple[list[DefinedPackage], int]:
    """A tenant's packages, newest first, and how many match."""
    chosen = "AND p.campaign_id = :campaign_id" if campaign_id is not None else ""
    parameters = {"tenant_id": tenant_id, "campaign_id": campaign_id}
    count = (
        f"""SELECT count(*) FROM package p WHERE p.tenant_id = :tenant_id {chosen}"""
    )
    total = execute(count, parameters).fetchone()[0]
    sql = f"{OFFERS} {chosen} ORDER BY p.package_id DESC LIMIT :limit OFFSET :offset"
    slice_ = {"limit": page.limit, "offset": page.offset}
    rows = execute(sql, parameters | slice_).fetchall()
    return [_offer_of(row) for row in rows], total


def attribution(tenant_id: str, code: str) -> Attribution:
    """Who handed out a code, of which package; empty for other codes."""
    parameters = {"tenant_id": tenant_id, "code_key": lookup_key(code)}
    row = execute(OF_CODE, parameters).fetchone()
    return Attribution(row[0], package_of(row[1:])) if row else Attribution()


def used_by(tenant_id: str, user_id: str, page: Page) -> tuple[list[CodeUse], int]:
    """A user's uses, newest first, and how many there are; refunded ones are none."""
    parameters = {"tenant_id": tenant_id, "user_id": user_id}
    total = execute(f"SELECT count(*) {USES}", parameters).fetchone()[0]
    sql = f"""SELECT r.redemption_id, r.user_id, c.code, r.redeemed_at, p.package_id,
        p.campaign_id, s.creator_key {USES}
        ORDER BY r.redeemed_at DESC, r.redemption_id DESC LIMIT :limit OFFSET :offset"""
    slice_ = {"limit": page.limit, "offset": page.offset}
    rows = execute(sql, parameters | slice_).fetchall()
    return [_use_of(row) for row in rows], total


def _use_of(row: Any) -> CodeUse:
    number, user_id, code, used_at, package_id, campaign_id, creator_key = row
    whose = package_id, campaign_id, creator_key or None
    return CodeUse(number, user_id, code, as_time(used_at), *whose)


def _offer_of(row: Any) -> DefinedPackage:
    return DefinedPackage(package_of(row[:WIDTH]), definition_of(row[WIDTH:]))


def package_of(row: Any) -> Package:
    """The value of a row of `COLUMNS`."""
    return Package(*converted(row, CONVERSIONS))
