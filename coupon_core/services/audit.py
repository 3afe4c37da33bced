"""The audit log: who did what, stored in the transaction in which it was done."""

from datetime import datetime
from typing import Any

from coupon_core.domain.models import Page, utc_now
from coupon_core.domain.models.audit import AuditEntry, AuditFilter
from coupon_core.observability import audit_context
from coupon_core.persistence.id_generation import generate_id
from coupon_core.persistence.repositories import audit as audit_repository

MAX_DETAIL_NAMES = 50
MAX_ENTRIES_PER_READ = 5_000


def record(tenant_id: str, action: str, object_id: str = "", **detail: Any) -> None:
    """Note what is being done, inside the caller's transaction, by whom it is done.

    `detail` is small and holds no secret, no code and nothing about a player. The
    time is that of the machine, not of the change: it is told when it was done.
    """
    context = audit_context.current_context()
    audit_repository.insert(
        AuditEntry(
            tenant_id=tenant_id,
            entry_id=generate_id(),
            actor=context.actor,
            action=action,
            object_id=object_id,
            request_id=context.request_id,
            detail={name: _truncate_value(value) for name, value in detail.items()},
            happened_at=utc_now(),
        )
    )


def _truncate_value(value: Any) -> Any:
    if isinstance(value, str | int | None):
        return value
    return sorted(value)[:MAX_DETAIL_NAMES]


def list_entries(
    tenant_id: str, audit_filter: AuditFilter, page: Page
) -> tuple[list[AuditEntry], int]:
    """The chosen entries of a tenant, newest first, and how many match in all."""
    return audit_repository.list_entries(tenant_id, audit_filter, page)


def list_entries_since(tenant_id: str, since: datetime) -> list[AuditEntry]:
    """What was noted at a moment and after it, oldest first; at most MOST_AT_ONCE."""
    return audit_repository.list_entries_since(tenant_id, since, MAX_ENTRIES_PER_READ)
