"""Wallets and their ledger: a balance changes only together with an entry."""

from collections.abc import Sequence
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

from coupon_core.domain.models import Page
from coupon_core.domain.models.points import (
    MAX_POINTS,
    EntryKind,
    PointChange,
    PointEntry,
    Wallet,
)
from coupon_core.domain.timestamps import format_timestamp_milliseconds
from coupon_core.persistence.database import execute
from coupon_core.persistence.pages import read_page
from coupon_core.persistence.row_mapping import build_conversions, convert_row
from coupon_core.persistence.tables import PointEntryTable, WalletTable

ENTRY_CONVERSIONS = build_conversions(PointEntry, kind=EntryKind)

ADD_POINTS = """
    INSERT INTO wallet (tenant_id, user_id, point_id, balance, updated_at)
    VALUES (:tenant_id, :user_id, :point_id, :amount, :now)
    ON CONFLICT (tenant_id, user_id, point_id) DO UPDATE
    SET balance = wallet.balance + :amount, updated_at = :now
    WHERE wallet.balance <= :max_balance - :amount
    RETURNING balance
"""
DEDUCT_POINTS = """
    UPDATE wallet SET balance = balance - :amount, updated_at = :now
    WHERE tenant_id = :tenant_id AND user_id = :user_id AND point_id = :point_id
    AND balance >= :amount
    RETURNING balance
"""


def add(change: PointChange, now: datetime) -> int | None:
    """Add points and return the balance; None if it would exceed the maximum."""
    return _update_balance(ADD_POINTS, change, now=now)


def deduct(change: PointChange, now: datetime) -> int | None:
    """Deduct points and return the balance; None if it is insufficient."""
    return _update_balance(DEDUCT_POINTS, change, now=now)


def _update_balance(sql: str, change: PointChange, now: datetime) -> int | None:
    parameters = {
        "tenant_id": change.tenant_id,
        "user_id": change.user_id,
        "point_id": change.point_id,
        "amount": change.amount,
        "max_balance": MAX_POINTS,
        "now": format_timestamp_milliseconds(now),
    }
    rows = execute(sql, parameters).fetchall()
    return int(rows[0][0]) if rows else None


def insert_entry(entry: PointEntry) -> None:
    """Insert an entry of the ledger."""
    PointEntryTable.insert(asdict(entry)).execute()


def get_balance(tenant_id: str, user_id: str, point_id: str) -> int:
    """Return the balance of a user in one kind of points; 0 without a wallet."""
    query = WalletTable.select(WalletTable.balance).where(
        WalletTable.match_key(tenant_id, user_id, point_id)
    )
    row = query.tuples().first()
    return int(row[0]) if row else 0


def list_wallets(
    tenant_id: str, page: Page, user_id: str | None = None, point_id: str | None = None
) -> tuple[list[Wallet], int]:
    """Return wallets by user and point, and the total of all matches."""
    query = WalletTable.select().where(
        *_build_conditions(WalletTable, tenant_id, user_id=user_id, point_id=point_id)
    )
    ordered = query.order_by(WalletTable.user_id, WalletTable.point_id)
    rows = ordered.limit(page.limit).offset(page.offset).tuples()
    return [Wallet(*row) for row in rows], query.count()


def list_entries(
    tenant_id: str, page: Page, user_id: str | None = None, point_id: str | None = None
) -> tuple[list[PointEntry], int]:
    """Return ledger entries, newest first, and the total of all matches."""
    columns = [getattr(PointEntryTable, field.name) for field in fields(PointEntry)]
    query = PointEntryTable.select(*columns).where(
        *_build_conditions(
            PointEntryTable, tenant_id, user_id=user_id, point_id=point_id
        )
    )
    rows, total = read_page(query, page, PointEntryTable.entry_id)
    return [_to_entry(row) for row in rows], total


def _build_conditions(
    table: Any, tenant_id: str, user_id: str | None, point_id: str | None
) -> list[Any]:
    filters = {"tenant_id": tenant_id, "user_id": user_id, "point_id": point_id}
    return [
        getattr(table, name) == value
        for name, value in filters.items()
        if value is not None
    ]


def _to_entry(row: Sequence[Any]) -> PointEntry:
    return PointEntry(*convert_row(row, ENTRY_CONVERSIONS))
