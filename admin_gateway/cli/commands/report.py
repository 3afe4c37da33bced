"""`couponctl report`: what happened to coupons, as charts, JSON or CSV."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import wraps
from typing import Any, NamedTuple

import rich_click as click
from click import get_current_context

from admin_gateway.cli import report_charts
from admin_gateway.cli.options import (
    EnumChoice,
    combine_options,
    tenant_option,
    without_unset,
)
from admin_gateway.cli.output import json_command
from admin_gateway.cli.tables import Document
from admin_gateway.requests.reports import (
    MAX_TOP_ROWS,
    ComparisonQuerySchema,
    RefusalQuerySchema,
    ReportQuerySchema,
    SeriesQuerySchema,
    TopQuerySchema,
)
from admin_gateway.responses import report_csv
from admin_gateway.responses.report_csv import CsvTable
from admin_gateway.responses.reports import (
    CampaignComparisonSchema,
    FunnelReportSchema,
    RedemptionReportSchema,
    RefusalReportSchema,
    TopReportSchema,
)
from coupon_core.domain.models import utc_now
from coupon_core.domain.models.reports import Report, ReportInterval, TopBy
from coupon_core.domain.timestamps import format_timestamp
from coupon_core.schemas.base import LenientSchema, ResponseSchema
from coupon_core.services.access import tenants
from coupon_core.services.insight import reports

MAX_HOURS_BY_HOUR = 48
SINCE_EXAMPLES = "such as 24h, 7d or 4w"
DAYS_PER_UNIT = {"d": 1, "w": 7}
_match_since = re.compile("([1-9][0-9]{0,3})([hdw])").fullmatch


class Since(NamedTuple):
    """How far back a report goes."""

    number: int
    unit: str


def parse_since(
    context: click.Context, _: click.Parameter, value: str | None
) -> Since | None:
    """Return how far back a report goes; days are whole local days."""
    if value is None:
        return None
    match = _match_since(value)
    if match is None:
        text = f'Invalid --since "{value}": expected a number and a unit, '
        raise click.UsageError(text + SINCE_EXAMPLES + ".", context)
    return Since(int(match[1]), match[2])


period_options = combine_options(
    tenant_option,
    click.option(
        "--since",
        callback=parse_since,
        help=f"How far back, {SINCE_EXAMPLES}; days include today. Default: 30d.",
    ),
    click.option("--from", "from", help="Beginning, for example 2030-01-31."),
    click.option("--to", "to", help="End, exclusive. Default: now."),
    click.option(
        "--time-zone",
        help="IANA name. Default: that of the definition or campaign, else UTC.",
    ),
    click.option("--api", "dialect", help="Only calls of phoenix, playcamp or mambo."),
)
campaign_option = click.option(
    "--campaign", "campaign_id", help="Only what belongs to this campaign ID."
)
definition_option = click.option(
    "--definition", "definition_id", help="Only this definition ID."
)
filter_options = combine_options(
    period_options,
    campaign_option,
    definition_option,
    click.option("--creator", "creator_key", help="Only codes of this creator key."),
)
interval_option = click.option(
    "--interval",
    type=EnumChoice(ReportInterval),
    help="Length of a bucket. Default: day, or hour with --since up to 48h.",
)
csv_option = click.option("--csv", "as_csv", is_flag=True, help="Print CSV.")


@click.group()
def report() -> None:
    """Reports: redemptions, funnel, refusals, top, compare.

    Example: `couponctl report redemptions --tenant demo --since 7d`
    """


BuildReport = Callable[..., Report]


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

    def decorate(build_report: BuildReport) -> click.Command:
        @wraps(build_report)
        def build_document(tenant_id: str, as_csv: bool, **values: Any) -> Document:
            if as_csv and get_current_context().params["as_json"]:
                raise click.UsageError("Use either --json or --csv.")
            tenants.require(tenant_id)
            query = _load_query(query_schema(), **values)
            result = build_report(tenant_id, **query, now=utc_now())
            document: Document = response_schema().dump(result)
            return document

        command = json_command(render=render)(build_document)
        return report.command()(combine_options(options, csv_option)(command))

    return decorate


def _load_query(
    schema: LenientSchema, since: Since | None, **values: Any
) -> dict[str, Any]:
    """Return what the options ask for, parsed as the query of a request."""
    body = {
        name: ",".join(value) if isinstance(value, list) else str(value)
        for name, value in without_unset(**values).items()
    }
    if since is None:
        loaded: dict[str, Any] = schema.load(body)
        return loaded
    if body.keys() & {"from", "to"}:
        raise click.UsageError("Use either --since, or --from and --to.")
    if since.unit == "h":
        body["from"] = format_timestamp(utc_now() - timedelta(hours=since.number))
        if "interval" in schema.fields and since.number <= MAX_HOURS_BY_HOUR:
            body.setdefault("interval", ReportInterval.HOUR)
        return {**schema.load(body)}
    loaded = schema.load(body)
    days = since.number * DAYS_PER_UNIT[since.unit]
    return {**loaded, "request": replace(loaded["request"], days=days)}


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

    Example: `couponctl report funnel --tenant demo --campaign launch`
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
            type=click.IntRange(1, MAX_TOP_ROWS),
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
    31 days and 200,000 redemptions.

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

    Example: `couponctl report compare --tenant demo --campaign launch
    --campaign winter --interval week`
    """
    return reports.compare_campaigns(tenant_id, **query)
