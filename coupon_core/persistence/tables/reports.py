"""The tables of counts for reports."""

from peewee import BigIntegerField, CompositeKey, TextField

from coupon_core.persistence.tables.base import (
    BaseTable,
    UtcTimestampField,
    UuidTextField,
)


class ReportCountsTable(BaseTable):
    """What happened in a period, per definition, creator and API.

    Another row with the definition `WHOLE_TENANT` has the sum over all definitions, and
    one with the creator `ALL_CREATORS` the sum over all creators.
    """

    tenant_id = TextField()
    definition_id = UuidTextField()
    creator_key = TextField()
    dialect = TextField()
    redeemed = BigIntegerField(default=0)
    reversed = BigIntegerField(default=0)
    refused = BigIntegerField(default=0)
    validated = BigIntegerField(default=0)
    generated = BigIntegerField(default=0)
    assigned = BigIntegerField(default=0)


class ReportQuarterTable(ReportCountsTable):
    """What happened in a quarter of an hour."""

    quarter_at = UtcTimestampField()

    class Meta:
        table_name = "report_quarter"
        primary_key = CompositeKey(
            "tenant_id", "definition_id", "creator_key", "quarter_at", "dialect"
        )


class ReportDayTable(ReportCountsTable):
    """What happened in a UTC day: the sums of its quarters."""

    day_at = UtcTimestampField()

    class Meta:
        table_name = "report_day"
        primary_key = CompositeKey(
            "tenant_id", "definition_id", "creator_key", "day_at", "dialect"
        )


ReportDayTable.add_index(
    ReportDayTable.tenant_id,
    ReportDayTable.definition_id,
    ReportDayTable.creator_key,
    ReportDayTable.generated,
    where=ReportDayTable.generated > 0,
    name="report_day_of_codes",
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
