"""The table of the audit log, which is append-only."""

from peewee import CompositeKey, TextField

from coupon_core.persistence.tables.base import (
    BaseTable,
    JsonTextField,
    UtcTimestampField,
    UuidTextField,
)


class AuditEntryTable(BaseTable):
    """One audited action; the entry outlives the object that it concerns."""

    tenant_id = TextField()
    entry_id = UuidTextField()
    actor = TextField()
    action = TextField()
    object_id = TextField()
    request_id = TextField()
    detail = JsonTextField()
    happened_at = UtcTimestampField()
    actor_name = TextField(default="")
    object_name = TextField(default="")
    changes = JsonTextField(default=dict)

    class Meta:
        table_name = "audit_entry"
        primary_key = CompositeKey("tenant_id", "entry_id")


AuditEntryTable.add_index(
    AuditEntryTable.tenant_id,
    AuditEntryTable.object_id,
    AuditEntryTable.entry_id,
    where=(AuditEntryTable.object_id != ""),
    name="audit_entry_of_object",
)
