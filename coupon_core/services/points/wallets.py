"""Credit and debit points with conditional updates; every change is an entry."""

from collections.abc import Callable
from datetime import datetime

from coupon_core.domain.models import (
    AdminReason,
    AnyReason,
    Page,
    PurchaseReason,
    Refused,
)
from coupon_core.domain.models.points import (
    EntryKind,
    PointChange,
    PointEntry,
    Wallet,
)
from coupon_core.persistence.database import transaction
from coupon_core.persistence.id_generation import generate_id
from coupon_core.persistence.repositories import points as point_repository
from coupon_core.persistence.repositories import users as user_repository
from coupon_core.services import audit
from coupon_core.services.errors import require_found

BalanceUpdate = Callable[[PointChange, datetime], int | None]


def credit(change: PointChange, now: datetime) -> PointEntry:
    """Credit points to a user.

    Raises:
        Refused: The user does not exist, or the balance would be too large.
    """
    with transaction():
        _require_user(change)
        entry = credit_in_transaction(change, EntryKind.CREDIT, now)
        audit.record(entry.tenant_id, "points.credited", entry.entry_id)
    return entry


def debit(change: PointChange, now: datetime) -> PointEntry:
    """Debit points from a user.

    Raises:
        Refused: The user does not exist, or the balance is too small.
    """
    with transaction():
        _require_user(change)
        entry = debit_in_transaction(change, EntryKind.DEBIT, now)
        audit.record(entry.tenant_id, "points.debited", entry.entry_id)
    return entry


def credit_in_transaction(
    change: PointChange, kind: EntryKind, now: datetime
) -> PointEntry:
    """Credit points in the caller's transaction; refuse if the balance is too large."""
    return _change_balance(
        point_repository.add,
        change,
        kind=kind,
        failure_reason=AdminReason.WALLET_FULL,
        now=now,
    )


def debit_in_transaction(
    change: PointChange, kind: EntryKind, now: datetime
) -> PointEntry:
    """Debit points in the caller's transaction; refuse if the balance is too small."""
    return _change_balance(
        point_repository.deduct,
        change,
        kind=kind,
        failure_reason=PurchaseReason.NOT_ENOUGH_POINTS,
        now=now,
    )


def _change_balance(
    update_balance: BalanceUpdate,
    change: PointChange,
    kind: EntryKind,
    failure_reason: AnyReason,
    now: datetime,
) -> PointEntry:
    balance = update_balance(change, now)
    if balance is None:
        raise Refused(failure_reason)
    amount = change.amount if update_balance is point_repository.add else -change.amount
    entry = PointEntry(
        tenant_id=change.tenant_id,
        entry_id=generate_id(),
        user_id=change.user_id,
        point_id=change.point_id,
        amount=amount,
        balance=balance,
        kind=kind,
        reference=change.reference,
        reason=change.reason,
        created_at=now,
    )
    point_repository.insert_entry(entry)
    return entry


def _require_user(change: PointChange) -> None:
    require_found(
        user_repository.get(change.tenant_id, change.user_id),
        PurchaseReason.USER_NOT_FOUND,
    )


def list_wallets(
    tenant_id: str, page: Page, user_id: str | None = None, point_id: str | None = None
) -> tuple[list[Wallet], int]:
    """Return a page of wallets by user and point id, and the total count."""
    return point_repository.list_wallets(tenant_id, page, user_id, point_id)


def list_entries(
    tenant_id: str, page: Page, user_id: str | None = None, point_id: str | None = None
) -> tuple[list[PointEntry], int]:
    """Return a page of ledger entries, newest first, and the total count."""
    return point_repository.list_entries(tenant_id, page, user_id, point_id)
