"""Batches of coupons and the chunks that workers make them in."""

from peewee import CompositeKey, IntegerField, TextField

from coupon_core.persistence.tables.base import Table, UtcTime, UuidText


class Batch(Table):
    """What was asked for in one request and is made by workers."""

    tenant_id = TextField()
    batch_id = UuidText()
    definition_id = UuidText()
    kind = TextField()
    state = TextField()
    requested_count = IntegerField()
    generated_count = IntegerField()
    chunk_count = IntegerField()
    finished_chunk_count = IntegerField()
    expires_at = UtcTime(null=True)
    error = TextField()
    created_at = UtcTime()
    started_at = UtcTime(null=True)
    updated_at = UtcTime()
    finished_at = UtcTime(null=True)

    class Meta:
        table_name = "batch"
        primary_key = CompositeKey("tenant_id", "batch_id")
        indexes = ((("tenant_id", "definition_id", "batch_id"), False),)


Batch.add_index(
    Batch.tenant_id,
    Batch.updated_at,
    where=Batch.state.in_(["pending", "running"]),
    name="batch_unfinished",
)


class Chunk(Table):
    """A part of a batch that one transaction makes; the key lets it be made once.

    `user_ids` is a JSON list until the chunk is finished, "" when nobody holds its
    coupons.
    """

    tenant_id = TextField()
    batch_id = UuidText()
    chunk_number = IntegerField()
    coupon_count = IntegerField()
    user_ids = TextField()
    finished_at = UtcTime(null=True)

    class Meta:
        table_name = "chunk"
        primary_key = CompositeKey("tenant_id", "batch_id", "chunk_number")
