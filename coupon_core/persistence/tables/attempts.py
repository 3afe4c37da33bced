"""The tables of refused calls and of what they signal."""

from peewee import BigIntegerField, CompositeKey, TextField

from coupon_core.persistence.tables.base import (
    BaseTable,
    UtcTimestampField,
    UuidTextField,
)


class RefusalCountTable(BaseTable):
    """How often an action was refused, by quarter of an hour and by UTC day."""

    tenant_id = TextField()
    bucket_at = UtcTimestampField()
    resolution = TextField()
    definition_id = UuidTextField()  # zeros if unknown
    action = TextField()
    reason = TextField()
    dialect = TextField()
    refused = BigIntegerField()

    class Meta:
        table_name = "refusal_count"
        primary_key = CompositeKey(
            "tenant_id",
            "resolution",
            "bucket_at",
            "definition_id",
            "action",
            "reason",
            "dialect",
        )


class AttemptTable(BaseTable):
    """A refused call; of its code, only the masked text and a keyed hash are kept."""

    tenant_id = TextField()
    attempt_id = UuidTextField()
    attempted_at = UtcTimestampField()
    user_id = TextField()  # empty if the caller names no user
    masked_code = TextField()
    code_hash = TextField()
    definition_id = UuidTextField(null=True)
    action = TextField()
    reason = TextField()
    dialect = TextField()

    class Meta:
        table_name = "attempt"
        primary_key = CompositeKey("tenant_id", "attempt_id")
        indexes = (
            (("tenant_id", "code_hash", "attempt_id"), False),
            (("tenant_id", "user_id", "attempt_id"), False),
        )


class SignalTable(BaseTable):
    """Something suspicious that happened repeatedly within an hour."""

    tenant_id = TextField()
    hour_at = UtcTimestampField()
    kind = TextField()
    subject = TextField()
    count = BigIntegerField()
    first_at = UtcTimestampField()
    last_at = UtcTimestampField()

    class Meta:
        table_name = "signal"
        primary_key = CompositeKey("tenant_id", "hour_at", "kind", "subject")
