"""`couponctl report`: what happened to coupons, as charts, JSON or CSV."""

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any

import rich_click as click
from click import get_current_context

from admin_gateway.cli import report_charts
from admin_gateway.cli.integer_option import IntegerRange
from admin_gateway.cli.options import EnumChoice, combine_options, limit_option
from admin_gateway.cli.output import json_command, print_status
from admin_gateway.cli.report_options import (
    campaign_option,
    csv_option,
    definition_option,
    filter_options,
    hour_options,
    interval_option,
    load_query,
    period_options,
)
from admin_gateway.cli.tables import Document, describe_position
from admin_gateway.requests.attempts import SignalQuerySchema
from admin_gateway.requests.reports import (
    MAX_TOP_ROWS,
    ComparisonQuerySchema,
    RefusalQuerySchema,
    ReportQuerySchema,
    SeriesQuerySchema,
    TopQuerySchema,
)
from admin_gateway.responses import report_csv
from admin_gateway.responses.attempts import SignalPageSchema, to_signal_page
from admin_gateway.responses.report_csv import CsvTable
from admin_gateway.responses.reports import (
    CampaignComparisonSchema,
    FunnelReportSchema,
    RedemptionReportSchema,
    RefusalReportSchema,
    TopReportSchema,
)
from coupon_core.domain.models import utc_now
from coupon_core.domain.models.attempts import SignalKind
from coupon_core.domain.models.reports import Report, TopBy
from coupon_core.schemas.base import LenientSchema, ResponseSchema
from coupon_core.services.access import tenants
from coupon_core.services.insight import reports
from coupon_core.services.insight import signals as signal_service

BuildReport = Callable[..., Report | Document]


@click.group()
def report() -> None:
    """Reports: redemptions, funnel, refusals, top, compare, signals.

    Example: `couponctl report redemptions --tenant demo --since 7d`
    """


def report_command(
    options: Any,
    query_schema: type[LenientSchema],
    response_schema: type[ResponseSchema],
    table: CsvTable,
    draw: Callable[[Document], None],
) -> Callable[[BuildReport], click.Command]:
    """Add a function that returns a report to the group, as a command."""

    def render(document: Document) -> None:
        if get_current_context().params["as_csv"]:
            click.echo(table.format(document), nl=False)
        else:
            draw(document)
        rows = document.get("signals", ())
        if rows and (position := describe_position(document, len(rows))):
            print_status(position)

    def decorate(build_report: BuildReport) -> click.Command:
        @wraps(build_report)
        def build_document(tenant_id: str, as_csv: bool, **values: Any) -> Document:
            if as_csv and get_current_context().params["as_json"]:
                raise click.UsageError("Use either --json or --csv.")
            tenants.require(tenant_id)
            query = load_query(query_schema(), **values)
            result = build_report(tenant_id, **query, now=utc_now())
            document: Document = response_schema().dump(result)
            return document

        command = json_command(render=render)(build_document)
        return report.command()(combine_options(options, csv_option)(command))

    return decorate


@report_command(
    combine_options(filter_options, interval_option),
    SeriesQuerySchema,
    RedemptionReportSchema,
    table=report_csv.REDEMPTIONS,
    draw=report_charts.print_redemptions,
)
def redemptions(tenant_id: str, **query: Any) -> Report:
    """Show redemptions, reversals, refused redeems and validations over time.

    Example: `couponctl report redemptions --tenant demo --since 7d`

    Example: `couponctl report redemptions --tenant demo --from 2030-01-01
    --to 2030-02-01 --time-zone Europe/Berlin --interval week --csv`
    """
    return reports.report_redemptions(tenant_id, **query)


@report_command(
    filter_options,
    ReportQuerySchema,
    FunnelReportSchema,
    table=report_csv.FUNNEL,
    draw=report_charts.print_funnel,
)
def funnel(tenant_id: str, **query: Any) -> Report:
    """Show how many coupons were generated, assigned, validated and redeemed.

    Example: `couponctl report funnel --tenant acme --campaign launch`
    """
    return reports.report_funnel(tenant_id, **query)


@report_command(
    combine_options(period_options, campaign_option, definition_option),
    RefusalQuerySchema,
    RefusalReportSchema,
    table=report_csv.REFUSALS,
    draw=report_charts.print_refusals,
)
def refusals(tenant_id: str, **query: Any) -> Report:
    """Show why codes were refused, most frequent reasons first.

    Example: `couponctl report refusals --tenant demo --since 24h`
    """
    return reports.report_refusals(tenant_id, **query)


@report_command(
    combine_options(
        filter_options,
        click.option(
            "--by", type=EnumChoice(TopBy), required=True, help="What to rank."
        ),
        click.option(
            "--limit",
            type=IntegerRange(1, MAX_TOP_ROWS),
            default=10,
            show_default=True,
            help="Maximum number of rows.",
        ),
    ),
    TopQuerySchema,
    TopReportSchema,
    table=report_csv.TOP,
    draw=report_charts.print_top,
)
def top(tenant_id: str, **query: Any) -> Report:
    """Show what was redeemed most: definitions, campaigns, creators, codes or users.

    By code, codes that several coupons share are ranked. By user, a period has at most
    31 days and 50,000 redemptions.

    Example: `couponctl report top --tenant demo --by creator --since 4w`
    """
    return reports.report_top(tenant_id, **query)


@report_command(
    combine_options(
        period_options,
        click.option(
            "--campaign",
            "campaign_id",
            multiple=True,
            required=True,
            help="A campaign ID (repeatable, up to 10).",
        ),
        interval_option,
    ),
    ComparisonQuerySchema,
    CampaignComparisonSchema,
    table=report_csv.COMPARISON,
    draw=report_charts.print_comparison,
)
def compare(tenant_id: str, **query: Any) -> Report:
    """Compare campaigns over the same period.

    Example: `couponctl report compare --tenant acme --campaign launch
    --campaign winter --interval week`
    """
    return reports.compare_campaigns(tenant_id, **query)


@report_command(
    combine_options(
        hour_options,
        click.option("--kind", type=EnumChoice(SignalKind), help="Only this kind."),
        limit_option,
        click.option("--cursor", help="`next` of the previous page."),
    ),
    SignalQuerySchema,
    SignalPageSchema,
    table=report_csv.SIGNALS,
    draw=report_charts.print_signals,
)
def signals(tenant_id: str, now: datetime, **query: Any) -> Document:
    """Show what happened suspiciously often within an hour, newest hour first.

    code_shared: many users tried a code of another user. user_failures: a user was
    refused often. reference_reused: redemptions had the same reference. Times are UTC.

    Example: `couponctl report signals --tenant demo --since 7d`
    """
    return to_signal_page(signal_service.list_signals(tenant_id, **query))
