"""The audit log; entries are stored in the transaction of the change they describe."""

from collections.abc import Iterable
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
    """Record an action with its actor, inside the caller's transaction.

    `detail` must be small and contain no secrets, codes or player data. The time of
    the entry is the machine's time, not the `now` that the change itself uses.
    """
    record_each(tenant_id, action, [object_id], **detail)


def record_each(
    tenant_id: str, action: str, object_ids: Iterable[str], **detail: Any
) -> None:
    """Record the same action on each of several objects."""
    context = audit_context.current_context()
    entries = [
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
        for object_id in object_ids
    ]
    audit_repository.insert_all(entries)


def _truncate_value(value: Any) -> Any:
    if isinstance(value, str | int | None):
        return value
    return sorted(value)[:MAX_DETAIL_NAMES]


def list_entries(
    tenant_id: str, audit_filter: AuditFilter, page: Page
) -> tuple[list[AuditEntry], int]:
    """Return a page of matching entries, newest first, and the number of matches."""
    return audit_repository.list_entries(tenant_id, audit_filter, page)


def list_entries_since(tenant_id: str, since: datetime) -> list[AuditEntry]:
    """Return the entries at or after `since`, oldest first.

    Return at most `MAX_ENTRIES_PER_READ` entries.
    """
    return audit_repository.list_entries_since(tenant_id, since, MAX_ENTRIES_PER_READ)
