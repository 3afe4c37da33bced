"""`couponctl report`: what happened to coupons, as charts, JSON or CSV."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import rich_click as click

from admin_gateway.cli import report_charts
from admin_gateway.cli.api_commands import (
    CAMPAIGN,
    CREATOR,
    api_command,
    campaign_filter_option,
    cursor_options,
    definition_filter_option,
)
from admin_gateway.cli.integer_option import IntegerRange
from admin_gateway.cli.options import EnumChoice, combine_options
from admin_gateway.cli.output import print_status
from admin_gateway.cli.tables import Document, describe_position
from admin_gateway.responses import report_csv
from admin_gateway.responses.report_csv import CsvTable
from coupon_core.domain.models.attempts import SignalKind
from coupon_core.domain.models.reports import ReportInterval, TopBy

if TYPE_CHECKING:
    from coupons_sdk import CouponsAdmin

MAX_TOP_ROWS = 100
time_options = combine_options(
    click.option(
        "--since",
        help="How far back, such as 24h, 7d or 4w; of reports, days include today.",
    ),
    click.option("--from", "from", help="Beginning, for example 2030-01-31."),
    click.option("--to", "to", help="End, exclusive. Default: now."),
)
period_options = combine_options(
    time_options,
    click.option(
        "--time-zone",
        help="IANA name. Default: that of the definition or campaign, else UTC.",
    ),
    click.option("--api", "dialect", help="Only calls of phoenix, playcamp or mambo."),
)
part_options = combine_options(
    period_options,
    campaign_filter_option,
    definition_filter_option,
)
filter_options = combine_options(
    part_options,
    click.option(
        "--creator",
        "creator_key",
        type=CREATOR,
        help="Only codes of this creator, by key or name.",
    ),
)
interval_option = click.option(
    "--interval",
    type=EnumChoice(ReportInterval),
    help="Length of a bucket. Default: day, or hour with --since up to 48h.",
)
csv_option = click.option(
    "--csv", "output_format", flag_value="csv", help="Print CSV, as --output csv."
)


@click.group()
def report() -> None:
    """Reports: redemptions, funnel, refusals, top, compare, signals.

    Example: `couponctl report redemptions --tenant demo --since 7d`
    """


def report_command(
    *options: Any, table: CsvTable, draw: Callable[[Document], None]
) -> Callable[[Callable[..., Any]], click.Command]:
    """Add a function that returns a report to the group, as a command."""

    def print_report(document: Document, is_csv: bool) -> None:
        if is_csv:
            click.echo(table.format(document), nl=False)
        else:
            draw(document)
        rows = document.get("signals", ())
        if rows and (position := describe_position(document, len(rows))):
            print_status(position)

    return api_command(
        report,
        *(*options, csv_option),
        render=partial(print_report, is_csv=False),
        render_csv=partial(print_report, is_csv=True),
    )


@report_command(
    filter_options,
    interval_option,
    table=report_csv.REDEMPTIONS,
    draw=report_charts.print_redemptions,
)
def redemptions(admin: "CouponsAdmin", **query: Any) -> Any:
    """Show redemptions, reversals, refused redeems and validations over time.

    Example: `couponctl report redemptions --tenant demo --since 7d`

    Example: `couponctl report redemptions --tenant demo --from 2030-01-01
    --to 2030-02-01 --time-zone Europe/Berlin --interval week --csv`
    """
    return admin.call("GET", "reports", "redemptions", query=query)


@report_command(
    filter_options,
    table=report_csv.FUNNEL,
    draw=report_charts.print_funnel,
)
def funnel(admin: "CouponsAdmin", **query: Any) -> Any:
    """Show how many coupons were generated, assigned, validated and redeemed.

    Example: `couponctl report funnel --tenant acme --campaign launch`
    """
    return admin.call("GET", "reports", "funnel", query=query)


@report_command(
    part_options,
    table=report_csv.REFUSALS,
    draw=report_charts.print_refusals,
)
def refusals(admin: "CouponsAdmin", **query: Any) -> Any:
    """Show why codes were refused, most frequent reasons first.

    Example: `couponctl report refusals --tenant demo --since 24h`
    """
    return admin.call("GET", "reports", "refusals", query=query)


@report_command(
    filter_options,
    click.option("--by", type=EnumChoice(TopBy), required=True, help="What to rank."),
    click.option(
        "--limit",
        type=IntegerRange(1, MAX_TOP_ROWS),
        default=10,
        show_default=True,
        help="Maximum number of rows.",
    ),
    table=report_csv.TOP,
    draw=report_charts.print_top,
)
def top(admin: "CouponsAdmin", **query: Any) -> Any:
    """Show what was redeemed most: definitions, campaigns, creators, codes or users.

    By code, codes that several coupons share are ranked. By user, a period has at most
    31 days and 50,000 redemptions.

    Example: `couponctl report top --tenant demo --by creator --since 4w`
    """
    return admin.call("GET", "reports", "top", query=query)


@report_command(
    period_options,
    click.option(
        "--campaign",
        "campaign_id",
        type=CAMPAIGN,
        multiple=True,
        required=True,
        help="A campaign, by ID or name (repeatable, up to 10).",
    ),
    interval_option,
    table=report_csv.COMPARISON,
    draw=report_charts.print_comparison,
)
def compare(admin: "CouponsAdmin", **query: Any) -> Any:
    """Compare campaigns over the same period.

    Example: `couponctl report compare --tenant acme --campaign launch
    --campaign winter --interval week`
    """
    return admin.call("GET", "reports", "compare", query=query)


@report_command(
    time_options,
    click.option("--kind", type=EnumChoice(SignalKind), help="Only this kind."),
    cursor_options,
    table=report_csv.SIGNALS,
    draw=report_charts.print_signals,
)
def signals(admin: "CouponsAdmin", **query: Any) -> Any:
    """Show what happened suspiciously often within an hour, newest hour first.

    code_shared: many users tried a code of another user. user_failures: a user was
    refused often. reference_reused: redemptions had the same reference. Times are UTC.

    Example: `couponctl report signals --tenant demo --since 7d`
    """
    return admin.call("GET", "reports", "signals", query=query)
