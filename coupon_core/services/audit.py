"""The audit log: who did what, stored in the transaction in which it was done."""

from datetime import datetime
from typing import Any

from coupon_core.domain.models import Page, utc_now
from coupon_core.domain.models.audit import AuditEntry, AuditFilter
from coupon_core.observability import audit_context
from coupon_core.persistence.id_generation import new_id
from coupon_core.persistence.repositories import audit as store

MOST_NAMES = 50
MOST_AT_ONCE = 5_000


def record(tenant_id: str, action: str, object_id: str = "", **detail: Any) -> None:
    """Note what is being done, inside the caller's transaction, by whom it is done.

    `detail` is small and holds no secret, no code and nothing about a player. The
    time is that of the machine, not of the change: it is told when it was done.
    """
    now = audit_context.now()
    store.insert(
        AuditEntry(
            tenant_id=tenant_id,
            entry_id=new_id(),
            actor=now.actor,
            action=action,
            object_id=object_id,
            request_id=now.request_id,
            detail={name: _small(value) for name, value in detail.items()},
            happened_at=utc_now(),
        )
    )


def _small(value: Any) -> Any:
    if isinstance(value, str | int | None):
        return value
    return sorted(value)[:MOST_NAMES]


def listed(
    tenant_id: str, which: AuditFilter, page: Page
) -> tuple[list[AuditEntry], int]:
    """The chosen entries of a tenant, newest first, and how many match in all."""
    return store.listed(tenant_id, which, page)


def after(tenant_id: str, moment: datetime) -> list[AuditEntry]:
    """What was noted at a moment and after it, oldest first; at most MOST_AT_ONCE."""
    return store.since(tenant_id, moment, MOST_AT_ONCE)
