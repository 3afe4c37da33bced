"""Requests that are made once, and the answers kept for their repeats."""

from peewee import CompositeKey, TextField

from coupon_core.persistence.tables.base import Table, UtcTime


class Idempotency(Table):
    """One request under one key; without an answer yet it is somebody's until then."""

    tenant_id = TextField()
    request_key = TextField()
    fingerprint = TextField()
    token = TextField()
    leased_until = UtcTime()
    kept_until = UtcTime()
    answer = TextField(null=True)

    class Meta:
        table_name = "idempotency"
        primary_key = CompositeKey("tenant_id", "request_key")


Idempotency.add_index(Idempotency.kept_until, name="idempotency_kept_until")
