"""The audit log, which is append-only, except that it forgets erased users."""

from collections.abc import Sequence
from dataclasses import asdict, fields
from typing import Any

from coupon_core.domain.models import Page
from coupon_core.domain.models.audit import AuditEntry, AuditFilter
from coupon_core.persistence.id_generation import get_min_id_at
from coupon_core.persistence.pages import read_page
from coupon_core.persistence.row_mapping import build_conversions, convert_row
from coupon_core.persistence.tables import AuditEntryTable, parse_json, to_datetime

COLUMNS = [getattr(AuditEntryTable, field.name) for field in fields(AuditEntry)]
USER_ACTIONS = ("user.created", "user.changed", "user.exported")
"""The actions whose object is a user."""
CONVERSIONS = build_conversions(
    AuditEntry, detail=parse_json, happened_at=to_datetime, changes=parse_json
)


def insert_all(entries: Sequence[AuditEntry]) -> None:
    """Insert entries in the transaction of the caller."""
    AuditEntryTable.insert_many([asdict(entry) for entry in entries]).execute()


def replace_user_id(tenant_id: str, user_id: str, pseudonym: str) -> None:
    """Replace a user's ID in the entries about that user."""
    AuditEntryTable.update(object_id=pseudonym).where(
        AuditEntryTable.tenant_id == tenant_id,
        AuditEntryTable.object_id == user_id,
        AuditEntryTable.action.in_(USER_ACTIONS),
    ).execute()


def list_entries(
    tenant_id: str, filters: AuditFilter, page: Page
) -> tuple[list[AuditEntry], int]:
    """Return the matching entries of a tenant, newest first, and their total."""
    query = AuditEntryTable.select(*COLUMNS).where(
        *_build_conditions(tenant_id, filters)
    )
    rows, total = read_page(query, page, AuditEntryTable.entry_id)
    return [_to_entry(row) for row in rows], total


def _build_conditions(tenant_id: str, filters: AuditFilter) -> list[Any]:
    expected_values = {
        AuditEntryTable.action: filters.action,
        AuditEntryTable.object_id: filters.object_id,
    }
    conditions = [AuditEntryTable.tenant_id == tenant_id]
    conditions += [
        column == value
        for column, value in expected_values.items()
        if value is not None
    ]
    if filters.actor is not None:
        actor, name = AuditEntryTable.actor, AuditEntryTable.actor_name
        conditions.append((actor == filters.actor) | (name == filters.actor))
    # The id of an entry contains its time, and the primary key is ordered by id.
    if filters.since:
        conditions.append(AuditEntryTable.entry_id >= get_min_id_at(filters.since))
    if filters.until:
        conditions.append(AuditEntryTable.entry_id < get_min_id_at(filters.until))
    return conditions


def _to_entry(row: Any) -> AuditEntry:
    return AuditEntry(*convert_row(row, CONVERSIONS))
