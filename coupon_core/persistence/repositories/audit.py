"""The audit log: entries are added and read; there is no way to change one."""

from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

from coupon_core.domain.models import Page
from coupon_core.domain.models.audit import AuditEntry, AuditFilter
from coupon_core.persistence.id_generation import first_id_of
from coupon_core.persistence.tables import AuditEntry as Table
from coupon_core.persistence.tables import as_json, as_time

COLUMNS = [getattr(Table, field.name) for field in fields(AuditEntry)]


def insert(entry: AuditEntry) -> None:
    """Add an entry, inside the caller's transaction."""
    Table.insert(asdict(entry)).execute()


def listed(
    tenant_id: str, which: AuditFilter, page: Page
) -> tuple[list[AuditEntry], int]:
    """The chosen entries of a tenant, newest first, and how many match."""
    query = Table.select(*COLUMNS).where(*_conditions(tenant_id, which))
    newest = query.order_by(Table.entry_id.desc())
    rows = newest.limit(page.limit).offset(page.offset).tuples()
    return [_entry_of(row) for row in rows], query.count()


def since(tenant_id: str, moment: datetime, most: int) -> list[AuditEntry]:
    """Up to `most` entries that were made at a moment or after it, oldest first."""
    where = _conditions(tenant_id, AuditFilter(since=moment))
    query = Table.select(*COLUMNS).where(*where).order_by(Table.entry_id)
    return [_entry_of(row) for row in query.limit(most).tuples()]


def _conditions(tenant_id: str, which: AuditFilter) -> list[Any]:
    equal = {
        Table.actor: which.actor,
        Table.action: which.action,
        Table.object_id: which.object_id,
    }
    found = [Table.tenant_id == tenant_id]
    found += [column == value for column, value in equal.items() if value is not None]
    # An entry's id tells when it was made, and the key is in its order.
    if which.since:
        found.append(Table.entry_id >= first_id_of(which.since))
    if which.until:
        found.append(Table.entry_id < first_id_of(which.until))
    return found


def _entry_of(row: Any) -> AuditEntry:
    *texts, detail, happened_at = row
    return AuditEntry(*[*texts, as_json(detail), as_time(happened_at)])
