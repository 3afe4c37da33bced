"""`couponctl report`: what happened to coupons, as charts, JSON or CSV."""

from collections.abc import Callable
from typing import Any

import rich_click as click

from admin_gateway.cli import report_charts
from admin_gateway.cli.names import (
    ID_TYPES,
    campaign_filter_option,
    definition_filter_option,
)
from admin_gateway.cli.options import (
    api_filter_option,
    combine_options,
    cursor_options,
    enum_filter_option,
    limit_option,
    time_filter_options,
)
from admin_gateway.cli.param_types import EnumChoice
from admin_gateway.cli.request_groups import RequestGroup
from admin_gateway.cli.tables import Document
from admin_gateway.responses import report_csv
from admin_gateway.responses.report_csv import CsvTable
from coupon_core.domain.models.attempts import SignalKind
from coupon_core.domain.models.reports import ReportInterval, TopBy

MAX_TOP_ROWS = 100
time_options = combine_options(
    click.option(
        "--since",
        help="How far back, such as 24h, 7d or 4w; of reports, days include today.",
    ),
    time_filter_options,
)
period_options = combine_options(
    time_options,
    click.option(
        "--time-zone",
        help="IANA name. Default: that of the definition or campaign, else UTC.",
    ),
    api_filter_option,
)
part_options = combine_options(
    period_options, campaign_filter_option, definition_filter_option
)
filter_options = combine_options(
    part_options,
    click.option(
        "--creator",
        "creator_key",
        type=ID_TYPES["creator_key"],
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


class ReportGroup(RequestGroup):
    """The reports, which are printed as charts or as CSV."""

    def add_report(
        self,
        example: str,
        about: str,
        *options: Any,
        table: CsvTable,
        draw: Callable[[Document], None],
    ) -> None:
        """Add the command of a report, whose name is its path, too."""
        name, *_ = example.split()
        self.add_request(
            example,
            f"GET {name}",
            about,
            *options,
            csv_option,
            render=draw,
            render_csv=lambda document: click.echo(table.format(document), nl=False),
        )


report = ReportGroup(
    "report",
    "reports",
    """Reports: redemptions, funnel, refusals, top, compare, signals.

    Example: `couponctl report redemptions --tenant demo --since 7d`
    """,
)
report.add_report(
    "redemptions --from 2030-01-01 --to 2030-02-01 --time-zone Europe/Berlin "
    "--interval week --csv",
    """Show redemptions, reversals, refused redeems and validations over time.

    Example: `couponctl report redemptions --tenant demo --since 7d`
    """,
    filter_options,
    interval_option,
    table=report_csv.REDEMPTIONS,
    draw=report_charts.print_redemptions,
)
report.add_report(
    "funnel --campaign launch",
    "Show how many coupons were generated, assigned, validated and redeemed.",
    filter_options,
    table=report_csv.FUNNEL,
    draw=report_charts.print_funnel,
)
report.add_report(
    "refusals --since 24h",
    "Show why codes were refused, most frequent reasons first.",
    part_options,
    table=report_csv.REFUSALS,
    draw=report_charts.print_refusals,
)
report.add_report(
    "top --by creator --since 4w",
    """Show what was redeemed most: definitions, campaigns, creators, codes or users.

    By code, codes that several coupons share are ranked. By user, a period has at most
    31 days and 50,000 redemptions.
    """,
    filter_options,
    click.option("--by", type=EnumChoice(TopBy), required=True, help="What to rank."),
    limit_option(MAX_TOP_ROWS, default=10),
    table=report_csv.TOP,
    draw=report_charts.print_top,
)
report.add_report(
    "compare --campaign launch --campaign winter --interval week",
    "Compare campaigns over the same period.",
    period_options,
    click.option(
        "--campaign",
        "campaign_id",
        type=ID_TYPES["campaign_id"],
        multiple=True,
        required=True,
        help="A campaign, by ID or name (repeatable, up to 10).",
    ),
    interval_option,
    table=report_csv.COMPARISON,
    draw=report_charts.print_comparison,
)
report.add_report(
    "signals --since 7d",
    """Show what happened suspiciously often within an hour, newest hour first.

    code_shared: many users tried a code of another user. user_failures: a user was
    refused often. reference_reused: redemptions had the same reference. Times are UTC.
    """,
    time_options,
    enum_filter_option("kind", SignalKind),
    cursor_options,
    table=report_csv.SIGNALS,
    draw=report_charts.print_signals,
)
