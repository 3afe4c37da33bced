"""Work on many codes, what was done to single ones, and how far the sweep is."""

from peewee import CompositeKey, IntegerField, TextField

from coupon_core.persistence.tables.base import Table, UtcTime, UuidText


class CodeJob(Table):
    """Work on the codes of a batch, a user or a file, done in chunks."""

    tenant_id = TextField()
    job_id = UuidText()
    kind = TextField()
    state = TextField()
    definition_id = UuidText(null=True)
    batch_id = UuidText(null=True)
    user_id = TextField()
    expires_at = UtcTime(null=True)
    actor = TextField()
    chunk_number = IntegerField()
    after_key = TextField()
    total_count = IntegerField()
    done_count = IntegerField()
    skipped_count = IntegerField()
    created_at = UtcTime()
    updated_at = UtcTime()
    finished_at = UtcTime(null=True)

    class Meta:
        table_name = "code_job"
        primary_key = CompositeKey("tenant_id", "job_id")


CodeJob.add_index(
    CodeJob.tenant_id,
    CodeJob.batch_id,
    where=CodeJob.batch_id.is_null(False),
    name="code_job_of_batch",
)
CodeJob.add_index(
    CodeJob.tenant_id,
    CodeJob.updated_at,
    where=CodeJob.state.in_(["receiving", "running"]),
    name="code_job_unfinished",
)


class ImportRow(Table):
    """A code that an import holds until all of them are good; nobody else makes it."""

    tenant_id = TextField()
    code_key = TextField()
    job_id = UuidText()
    line = IntegerField()
    code = TextField()
    coupon_id = UuidText()
    user_id = TextField()
    expires_at = UtcTime(null=True)

    class Meta:
        table_name = "import_row"
        primary_key = CompositeKey("tenant_id", "code_key")
        indexes = ((("tenant_id", "job_id", "code_key"), False),)


class CouponEvent(Table):
    """What admins did to single coupons, by whom."""

    tenant_id = TextField()
    coupon_id = UuidText()
    event_id = UuidText()
    kind = TextField()
    actor = TextField()
    user_id = TextField()
    occurred_at = UtcTime()

    class Meta:
        table_name = "coupon_event"
        primary_key = CompositeKey("tenant_id", "coupon_id", "event_id")


class DefinitionSweep(Table):
    """How far the coupons that expire with their definition have been swept."""

    tenant_id = TextField()
    definition_id = UuidText()
    expires_at = UtcTime()
    after_id = TextField()

    class Meta:
        table_name = "definition_sweep"
        primary_key = CompositeKey("tenant_id", "definition_id")
