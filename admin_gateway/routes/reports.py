"""Routes for reports, as JSON or, with `Accept: text/csv`, as CSV."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Response, g, request
from werkzeug.datastructures import MIMEAccept

from admin_gateway.requests.reports import (
    ComparisonQuerySchema,
    RefusalQuerySchema,
    ReportQuerySchema,
    SeriesQuerySchema,
    TopQuerySchema,
)
from admin_gateway.responses import report_csv
from admin_gateway.responses.codes import TEXT_SCHEMA
from admin_gateway.responses.report_csv import CsvTable
from admin_gateway.responses.reports import (
    CampaignComparisonSchema,
    FunnelReportSchema,
    RedemptionReportSchema,
    RefusalReportSchema,
    TopReportSchema,
)
from coupon_core.domain.models import utc_now
from coupon_core.domain.models.reports import (
    CampaignComparison,
    FunnelReport,
    RefusalReport,
    Report,
    SeriesReport,
    TopReport,
)
from coupon_core.schemas.base import Document, ResponseSchema
from coupon_core.services.insight import reports
from coupon_core.web.blueprint import JsonBlueprint
from coupon_core.web.responses import JSON_MEDIA_TYPE, json_response

CSV_MEDIA_TYPE = "text/csv"
VARIES = {"Vary": "Accept"}

routes = JsonBlueprint(
    "reports", __name__, description="Reports on the use of coupons over time"
)


def report_response(
    schema_class: type[ResponseSchema], table: CsvTable
) -> Callable[[Callable[..., Report | Document]], Callable[..., Response]]:
    """Document the response of a view, and send its report in the accepted format."""
    schema = schema_class()
    csv_content = {"schema": TEXT_SCHEMA, "example": table.format(schema_class.example)}

    def decorate(view: Callable[..., Report | Document]) -> Callable[..., Response]:
        @routes.response(200, schema)
        @routes.doc(responses={200: {"content": {CSV_MEDIA_TYPE: csv_content}}})
        @wraps(view)
        def view_in_accepted_format(*args: Any, **kwargs: Any) -> Response:
            document = schema.dump(view(*args, **kwargs))
            if not _prefers_csv():
                return json_response(document, headers=VARIES)
            text = table.format(document)
            return Response(text, content_type=CSV_MEDIA_TYPE, headers=VARIES)

        return view_in_accepted_format

    return decorate


def _prefers_csv() -> bool:
    """Return True if the request accepts CSV, with whatever parameters, over JSON."""
    accepted = MIMEAccept(
        (media_type.partition(";")[0].rstrip(), quality)
        for media_type, quality in request.accept_mimetypes
    )
    return accepted.best_match([JSON_MEDIA_TYPE, CSV_MEDIA_TYPE]) == CSV_MEDIA_TYPE


@routes.route("/redemptions")
@report_response(RedemptionReportSchema, report_csv.REDEMPTIONS)
@routes.arguments(SeriesQuerySchema, location="query")
def redemptions(query: dict[str, Any]) -> SeriesReport:
    """Return redemptions, reversals, refused redeems and validations over time.

    There are at most 2,000 buckets; those without a use are 0. The sums of `redeemed`
    and `reversed` are those of the redemptions until `counted_until`. Refusals and
    validations follow within 10 seconds.
    """
    return reports.report_redemptions(g.principal.tenant_id, **query, now=utc_now())


@routes.route("/funnel")
@report_response(FunnelReportSchema, report_csv.FUNNEL)
@routes.arguments(ReportQuerySchema, location="query")
def funnel(query: dict[str, Any]) -> FunnelReport:
    """Return how many coupons were generated, assigned, validated and redeemed."""
    return reports.report_funnel(g.principal.tenant_id, **query, now=utc_now())


@routes.route("/refusals")
@report_response(RefusalReportSchema, report_csv.REFUSALS)
@routes.arguments(RefusalQuerySchema, location="query")
def refusals(query: dict[str, Any]) -> RefusalReport:
    """Return refusals by action and reason, most frequent first."""
    return reports.report_refusals(g.principal.tenant_id, **query, now=utc_now())


@routes.route("/top")
@report_response(TopReportSchema, report_csv.TOP)
@routes.arguments(TopQuerySchema, location="query")
def top(query: dict[str, Any]) -> TopReport:
    """Return the definitions, campaigns, creators, codes or users with most uses.

    By code, those that several coupons share are ranked: custom codes and the codes of
    creators. By user, a period has at most 31 days and 50,000 redemptions; then
    `reversed` counts those of these uses that were given back at any time.
    """
    return reports.report_top(g.principal.tenant_id, **query, now=utc_now())


@routes.route("/compare")
@report_response(CampaignComparisonSchema, report_csv.COMPARISON)
@routes.arguments(ComparisonQuerySchema, location="query")
def compare(query: dict[str, Any]) -> CampaignComparison:
    """Return redemptions over time for each of several campaigns."""
    return reports.compare_campaigns(g.principal.tenant_id, **query, now=utc_now())
