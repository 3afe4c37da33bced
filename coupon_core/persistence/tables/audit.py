"""Who did what: rows are added, never changed and never removed."""

from peewee import CompositeKey, TextField

from coupon_core.persistence.tables.base import (
    JsonText,
    Table,
    UtcTime,
    UuidText,
)


class AuditEntry(Table):
    """One thing that somebody did; it outlives what it was done to."""

    tenant_id = TextField()
    entry_id = UuidText()
    actor = TextField()
    action = TextField()
    object_id = TextField()
    request_id = TextField()
    detail = JsonText()
    happened_at = UtcTime()

    class Meta:
        table_name = "audit_entry"
        primary_key = CompositeKey("tenant_id", "entry_id")


AuditEntry.add_index(
    AuditEntry.tenant_id,
    AuditEntry.object_id,
    AuditEntry.entry_id,
    where=(AuditEntry.object_id != ""),
    name="audit_entry_of_object",
)
