"""The tables of counts for reports."""

from peewee import BigIntegerField, CompositeKey, TextField

from coupon_core.persistence.tables.base import (
    BaseTable,
    UtcTimestampField,
    UuidTextField,
)


class ReportQuarterTable(BaseTable):
    """What happened in a quarter hour, per definition, creator and API.

    A second row with the definition `WHOLE_TENANT` has the sum over all definitions.
    """

    tenant_id = TextField()
    definition_id = UuidTextField()
    quarter_at = UtcTimestampField()
    creator_key = TextField()
    dialect = TextField()
    redeemed = BigIntegerField(default=0)
    reversed = BigIntegerField(default=0)
    refused = BigIntegerField(default=0)
    validated = BigIntegerField(default=0)
    generated = BigIntegerField(default=0)
    assigned = BigIntegerField(default=0)

    class Meta:
        table_name = "report_quarter"
        primary_key = CompositeKey(
            "tenant_id", "definition_id", "quarter_at", "creator_key", "dialect"
        )


class ReportBackfillTable(BaseTable):
    """Uses before the cut-over, which are counted up to a redemption.

    Tenants that were created after the cut-over have no row.
    """

    tenant_id = TextField()
    cut_over_at = UtcTimestampField()
    redemption_id = BigIntegerField(default=0)
    finished_at = UtcTimestampField(null=True)

    class Meta:
        table_name = "report_backfill"
        primary_key = CompositeKey("tenant_id")
