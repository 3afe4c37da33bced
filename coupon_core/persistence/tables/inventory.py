"""The tables of code jobs, imports, coupon events and expiry sweeps."""

from peewee import CompositeKey, IntegerField, TextField

from coupon_core.persistence.tables.base import (
    BaseTable,
    JsonTextField,
    UtcTimestampField,
    UuidTextField,
)


class CodeJobTable(BaseTable):
    """A job on many codes, processed in chunks.

    `action` and `action_state` are the kind and state of jobs that the previous release
    does not know; they are null for the others.
    """

    tenant_id = TextField()
    job_id = UuidTextField()
    kind = TextField()
    state = TextField()
    definition_id = UuidTextField(null=True)
    batch_id = UuidTextField(null=True)
    user_id = TextField()
    expires_at = UtcTimestampField(null=True)
    actor = TextField()
    chunk_number = IntegerField()
    after_key = TextField()
    total_count = IntegerField()
    done_count = IntegerField()
    skipped_count = IntegerField()
    created_at = UtcTimestampField()
    updated_at = UtcTimestampField()
    finished_at = UtcTimestampField(null=True)
    skipped_reasons = JsonTextField(null=True)
    action = TextField(null=True)
    action_state = TextField(null=True)

    class Meta:
        table_name = "code_job"
        primary_key = CompositeKey("tenant_id", "job_id")


CodeJobTable.add_index(
    CodeJobTable.tenant_id,
    CodeJobTable.batch_id,
    where=CodeJobTable.batch_id.is_null(False),
    name="code_job_of_batch",
)
CodeJobTable.add_index(
    CodeJobTable.tenant_id,
    CodeJobTable.updated_at,
    where=CodeJobTable.state.in_(["receiving", "running"]),
    name="code_job_unfinished",
)
CodeJobTable.add_index(
    CodeJobTable.tenant_id,
    CodeJobTable.updated_at,
    where=(CodeJobTable.action_state == "running"),
    name="code_job_action_unfinished",
)


class ImportRowTable(BaseTable):
    """A code that an import reserves until it is created; nothing else may use it."""

    tenant_id = TextField()
    code_key = TextField()
    job_id = UuidTextField()
    line = IntegerField()
    code = TextField()
    coupon_id = UuidTextField()
    user_id = TextField()
    expires_at = UtcTimestampField(null=True)

    class Meta:
        table_name = "import_row"
        primary_key = CompositeKey("tenant_id", "code_key")
        indexes = ((("tenant_id", "job_id", "code_key"), False),)


class CouponEventTable(BaseTable):
    """An administrative change of a coupon, with its actor.

    `expires_at` is the new expiry, and `revoked_at` the time of the revocation that a
    restoration has undone.
    """

    tenant_id = TextField()
    coupon_id = UuidTextField()
    event_id = UuidTextField()
    kind = TextField()
    actor = TextField()
    user_id = TextField()
    occurred_at = UtcTimestampField()
    expires_at = UtcTimestampField(null=True)
    revoked_at = UtcTimestampField(null=True)
    related_coupon_id = UuidTextField(null=True)

    class Meta:
        table_name = "coupon_event"
        primary_key = CompositeKey("tenant_id", "coupon_id", "event_id")


class DefinitionSweepTable(BaseTable):
    """The progress of the expiry sweep over the coupons of a definition."""

    tenant_id = TextField()
    definition_id = UuidTextField()
    expires_at = UtcTimestampField()
    after_id = TextField()

    class Meta:
        table_name = "definition_sweep"
        primary_key = CompositeKey("tenant_id", "definition_id")
