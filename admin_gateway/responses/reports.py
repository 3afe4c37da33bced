"""Response schemas of reports."""

from typing import Any

from marshmallow import fields

from admin_gateway.responses.report_examples import (
    CAMPAIGN_COMPARISON,
    FUNNEL_REPORT,
    REDEMPTION_REPORT,
    REFUSAL_REPORT,
    TOP_REPORT,
)
from coupon_core.domain.models.reports import ReportInterval, TopBy
from coupon_core.domain.timestamps import format_timestamp
from coupon_core.schemas.base import ResponseSchema
from coupon_core.schemas.fields import ChoiceField, UtcDateTime
from coupon_core.schemas.response_fields import NullableString


def _count(description: str, **options: Any) -> fields.Integer:
    return fields.Integer(
        required=True, metadata={"description": description}, **options
    )


REDEEMED = "Uses, including those given back later."
REVERSED = "Uses given back, by a reversal or a refund."
REFUSED = "Refused redeems, reservations, purchases and refunds."
VALIDATED = "Validations that were answered, whether valid or not."


class CountsSchema(ResponseSchema):
    """What happened in a period."""

    redeemed = _count(REDEEMED)
    reversed = _count(REVERSED)
    refused = _count(REFUSED)
    validated = _count(VALIDATED)


class BucketSchema(CountsSchema):
    """What happened in a bucket."""

    start = UtcDateTime(
        required=True,
        metadata={
            "description": "Start of the bucket, in UTC; the first is the period's."
        },
    )


class SeriesField(fields.List[Any]):
    """The buckets of a report, of which there may be thousands.

    They are serialized without their schema, which takes five times as long.
    """

    def __init__(self) -> None:
        super().__init__(
            fields.Nested(BucketSchema), required=True, attribute="buckets"
        )

    def _serialize(self, value: Any, *_: Any, **__: Any) -> Any:
        return [
            {
                "start": format_timestamp(bucket.start),
                "redeemed": bucket.counts.redeemed,
                "reversed": bucket.counts.reversed,
                "refused": bucket.counts.refused,
                "validated": bucket.counts.validated,
            }
            for bucket in value
        ]


class ReportSubjectSchema(ResponseSchema):
    """A definition, campaign or creator that a report is about."""

    kind = ChoiceField(TopBy.DEFINITION, TopBy.CAMPAIGN, TopBy.CREATOR, required=True)
    id = fields.String(required=True, metadata={"description": "ID or creator key."})
    name = fields.String(required=True)


class ReportSchema(ResponseSchema):
    """The period of a report, and how fresh it is."""

    time_zone = fields.String(required=True, attribute="period.time_zone")
    start = UtcDateTime(
        required=True,
        attribute="period.start",
        data_key="from",
        metadata={"description": "Start of the period: a whole quarter of an hour."},
    )
    end = UtcDateTime(
        required=True,
        attribute="period.end",
        data_key="to",
        metadata={"description": "End of the period, exclusive."},
    )
    counted_until = UtcDateTime(
        required=True,
        allow_none=True,
        metadata={
            "description": "All uses until this time are counted; null while those of "
            "an earlier release are being counted."
        },
    )
    subjects = fields.List(
        fields.Nested(ReportSubjectSchema),
        required=True,
        metadata={"description": "What the filters select, with names."},
    )


INTERVAL = ChoiceField(
    *ReportInterval, required=True, metadata={"description": "Length of a bucket."}
)


class RedemptionReportSchema(ReportSchema):
    """Redemptions, reversals, refusals and validations over time."""

    example = REDEMPTION_REPORT

    interval = INTERVAL
    series = SeriesField()
    totals = fields.Nested(CountsSchema, required=True)


class FunnelCountsSchema(ResponseSchema):
    """How many coupons or calls reached each step."""

    generated = _count("Coupons generated, imported or bought.")
    assigned = _count("Coupons that a user has got.")
    validated = _count(VALIDATED)
    redeemed = _count(REDEEMED)


class FunnelReportSchema(ReportSchema):
    """From generated coupons to uses."""

    example = FUNNEL_REPORT

    totals = fields.Nested(FunnelCountsSchema, required=True)


class RefusalRowSchema(ResponseSchema):
    """How often an action was refused for a reason."""

    action = fields.String(
        required=True, metadata={"description": "What was refused, such as redeem."}
    )
    reason = fields.String(
        required=True, metadata={"description": "Error code; see docs/errors.md."}
    )
    refused = _count("Number of refusals.")


class RefusalTotalSchema(ResponseSchema):
    """The sum of the refusals, as in the other reports."""

    refused = _count("Number of refusals of all actions but validate.")


class RefusalReportSchema(ReportSchema):
    """Refusals by action and reason, most frequent first."""

    example = REFUSAL_REPORT

    resolution = fields.Function(
        lambda report: "day_utc" if report.has_days else "quarter_hour",
        required=True,
        metadata={
            "type": "string",
            "enum": ["quarter_hour", "day_utc"],
            "description": "`day_utc` if the period begins more than 90 days ago: "
            "older refusals are kept by UTC day, which counts where it begins.",
        },
    )
    refusals = fields.List(
        fields.Nested(RefusalRowSchema), required=True, attribute="rows"
    )
    totals = fields.Nested(RefusalTotalSchema, required=True)


class TopRowSchema(ResponseSchema):
    """A row of a ranking."""

    id = fields.String(
        required=True,
        metadata={"description": "ID of what is ranked: of a code, the code itself."},
    )
    name = NullableString(
        metadata={"description": "Its name; of a code, that of its definition."}
    )
    code_count = _count(
        "How many codes the row counts together: the codes of one creator for one "
        "definition, of which `id` is the first. Otherwise 1."
    )
    redeemed = _count(REDEEMED)
    reversed = _count(REVERSED)


class TopReportSchema(ReportSchema):
    """What was redeemed most, most redeemed first."""

    example = TOP_REPORT

    by = ChoiceField(*TopBy, required=True, metadata={"description": "What is ranked."})
    rows = fields.List(
        fields.Nested(TopRowSchema),
        required=True,
        metadata={"description": "The rows; what was never used has none."},
    )


class ComparedCampaignSchema(ResponseSchema):
    """One of the compared campaigns."""

    campaign_id = fields.String(required=True, attribute="subject.id")
    name = fields.String(required=True, attribute="subject.name")
    series = SeriesField()
    totals = fields.Nested(CountsSchema, required=True)


class CampaignComparisonSchema(ReportSchema):
    """The same report for several campaigns."""

    example = CAMPAIGN_COMPARISON

    interval = INTERVAL
    campaigns = fields.List(
        fields.Nested(ComparedCampaignSchema),
        required=True,
        metadata={"description": "The campaigns in the order of the request."},
    )
