"""The table of idempotent requests and their stored responses."""

from peewee import CompositeKey, TextField

from coupon_core.persistence.tables.base import BaseTable, UtcTimestampField


class IdempotencyTable(BaseTable):
    """One request under one key; until it has a response it is leased."""

    tenant_id = TextField()
    request_key = TextField()
    fingerprint = TextField()
    token = TextField()
    leased_until = UtcTimestampField()
    kept_until = UtcTimestampField()
    answer = TextField(null=True)
    caller = TextField(default="")

    class Meta:
        table_name = "idempotency"
        primary_key = CompositeKey("tenant_id", "request_key")


IdempotencyTable.add_index(IdempotencyTable.kept_until, name="idempotency_kept_until")
IdempotencyTable.add_index(
    IdempotencyTable.index(
        IdempotencyTable.tenant_id,
        IdempotencyTable.caller,
        IdempotencyTable.kept_until,
        name="idempotency_of_caller",
        where=IdempotencyTable.caller != "",
    )
)
