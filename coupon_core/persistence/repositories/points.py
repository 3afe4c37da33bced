"""Wallets and their ledger: a balance changes only together with its entry."""

from collections.abc import Sequence
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

from coupon_core.domain.models import Page
from coupon_core.domain.models.points import (
    MOST_POINTS,
    EntryKind,
    PointChange,
    PointEntry,
)
from coupon_core.domain.models.points import Wallet as WalletValue
from coupon_core.persistence.database import execute
from coupon_core.persistence.tables import PointEntry as Entry
from coupon_core.persistence.tables import Wallet, as_stored_time

ADD = """
    INSERT INTO wallet (tenant_id, user_id, point_id, balance, updated_at)
    VALUES (:tenant_id, :user_id, :point_id, :amount, :now)
    ON CONFLICT (tenant_id, user_id, point_id) DO UPDATE
    SET balance = wallet.balance + :amount, updated_at = :now
    WHERE wallet.balance <= :most - :amount
    RETURNING balance
"""
TAKE = """
    UPDATE wallet SET balance = balance - :amount, updated_at = :now
    WHERE tenant_id = :tenant_id AND user_id = :user_id AND point_id = :point_id
    AND balance >= :amount
    RETURNING balance
"""


def add(change: PointChange, now: datetime) -> int | None:
    """The balance after an addition; None when the wallet cannot hold as much."""
    return _changed(ADD, change, now)


def take(change: PointChange, now: datetime) -> int | None:
    """The balance after something was taken; None when there is not as much."""
    return _changed(TAKE, change, now)


def _changed(sql: str, change: PointChange, now: datetime) -> int | None:
    parameters = {
        "tenant_id": change.tenant_id,
        "user_id": change.user_id,
        "point_id": change.point_id,
        "amount": change.amount,
        "most": MOST_POINTS,
        "now": as_stored_time(now),
    }
    rows = execute(sql, parameters).fetchall()
    return int(rows[0][0]) if rows else None


def append(entry: PointEntry) -> None:
    """Write an entry of the ledger."""
    Entry.insert(asdict(entry)).execute()


def balance(tenant_id: str, user_id: str, point_id: str) -> int:
    """How many points of a kind a user has; 0 without a wallet."""
    mine = (Wallet.tenant_id == tenant_id) & (Wallet.user_id == user_id)
    query = Wallet.select(Wallet.balance).where(mine, Wallet.point_id == point_id)
    row = query.tuples().first()
    return int(row[0]) if row else 0


def wallets(
    tenant_id: str, page: Page, user_id: str | None = None, point_id: str | None = None
) -> tuple[list[WalletValue], int]:
    """Wallets by user and point, and how many match."""
    query = Wallet.select().where(*_chosen(Wallet, tenant_id, user_id, point_id))
    ordered = query.order_by(Wallet.user_id, Wallet.point_id)
    rows = ordered.limit(page.limit).offset(page.offset).tuples()
    return [WalletValue(*row) for row in rows], query.count()


def entries(
    tenant_id: str, page: Page, user_id: str | None = None, point_id: str | None = None
) -> tuple[list[PointEntry], int]:
    """Entries of the ledger, newest first, and how many match."""
    columns = [getattr(Entry, field.name) for field in fields(PointEntry)]
    query = Entry.select(*columns).where(*_chosen(Entry, tenant_id, user_id, point_id))
    newest = query.order_by(Entry.entry_id.desc())
    rows = newest.limit(page.limit).offset(page.offset).tuples()
    return [_entry_of(row) for row in rows], query.count()


def _chosen(
    table: Any, tenant_id: str, user_id: str | None, point_id: str | None
) -> list[Any]:
    wanted = {"tenant_id": tenant_id, "user_id": user_id, "point_id": point_id}
    return [getattr(table, n) == v for n, v in wanted.items() if v is not None]


def _entry_of(row: Sequence[Any]) -> PointEntry:
    *before, kind, reference, reason, created_at = row
    return PointEntry(*[*before, EntryKind(kind), reference, reason, created_at])
