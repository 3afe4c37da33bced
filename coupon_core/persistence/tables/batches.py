"""The tables of batches and their chunks."""

from peewee import CompositeKey, IntegerField, TextField

from coupon_core.persistence.tables.base import (
    BaseTable,
    JsonTextField,
    UtcTimestampField,
    UuidTextField,
)


class BatchTable(BaseTable):
    """A request for coupons that workers generate."""

    tenant_id = TextField()
    batch_id = UuidTextField()
    definition_id = UuidTextField()
    kind = TextField()
    state = TextField()
    requested_count = IntegerField()
    generated_count = IntegerField()
    chunk_count = IntegerField()
    finished_chunk_count = IntegerField()
    expires_at = UtcTimestampField(null=True)
    error = TextField()
    created_at = UtcTimestampField()
    started_at = UtcTimestampField(null=True)
    updated_at = UtcTimestampField()
    finished_at = UtcTimestampField(null=True)
    metadata = JsonTextField(default=dict)
    suspended_at = UtcTimestampField(null=True)

    class Meta:
        table_name = "batch"
        primary_key = CompositeKey("tenant_id", "batch_id")
        indexes = ((("tenant_id", "definition_id", "batch_id"), False),)


BatchTable.add_index(
    BatchTable.tenant_id,
    BatchTable.updated_at,
    where=BatchTable.state.in_(["pending", "running"]),
    name="batch_unfinished",
)


class ChunkTable(BaseTable):
    """A part of a batch that one transaction generates exactly once.

    `user_ids` is a JSON list until the chunk is finished, and "" if its coupons are
    unassigned.
    """

    tenant_id = TextField()
    batch_id = UuidTextField()
    chunk_number = IntegerField()
    coupon_count = IntegerField()
    user_ids = TextField()
    finished_at = UtcTimestampField(null=True)

    class Meta:
        table_name = "chunk"
        primary_key = CompositeKey("tenant_id", "batch_id", "chunk_number")
