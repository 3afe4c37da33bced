"""The options of reports: period, filters and format."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any, NamedTuple

import rich_click as click

from admin_gateway.cli.options import (
    EnumChoice,
    OptionDecorator,
    combine_options,
    tenant_option,
    without_unset,
)
from coupon_core.domain.models import utc_now
from coupon_core.domain.models.reports import ReportInterval
from coupon_core.domain.timestamps import format_timestamp
from coupon_core.schemas.base import LenientSchema

MAX_HOURS_BY_HOUR = 48
SINCE_EXAMPLES = "such as 24h, 7d or 4w"
HOURS_PER_UNIT = {"h": 1, "d": 24, "w": 7 * 24}
_match_since = re.compile("([1-9][0-9]{0,2})([hdw])").fullmatch


class Since(NamedTuple):
    """How far back a report goes."""

    hours: int
    unit: str


def parse_since(
    context: click.Context, _: click.Parameter, value: str | None
) -> Since | None:
    """Return how far back a report goes; days are whole local days."""
    if value is None:
        return None
    match = _match_since(value)
    if match is None:
        text = (
            f'Invalid --since "{value}": expected a number from 1 to 999 and a unit, '
        )
        raise click.UsageError(text + SINCE_EXAMPLES + ".", context)
    return Since(int(match[1]) * HOURS_PER_UNIT[match[2]], match[2])


def _build_time_options(since_help: str) -> OptionDecorator:
    return combine_options(
        tenant_option,
        click.option("--since", callback=parse_since, help=since_help),
        click.option("--from", "from", help="Beginning, for example 2030-01-31."),
        click.option("--to", "to", help="End, exclusive. Default: now."),
    )


hour_options = _build_time_options(f"How far back from now, {SINCE_EXAMPLES}.")
period_options = combine_options(
    _build_time_options(f"How far back, {SINCE_EXAMPLES}; days include today."),
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


def load_query(
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
    if since.unit == "h" or "time_zone" not in schema.fields:
        body["from"] = format_timestamp(utc_now() - timedelta(hours=since.hours))
        if "interval" in schema.fields and since.hours <= MAX_HOURS_BY_HOUR:
            body.setdefault("interval", ReportInterval.HOUR)
        return {**schema.load(body)}
    loaded = schema.load(body)
    days = since.hours // HOURS_PER_UNIT["d"]
    return {**loaded, "request": replace(loaded["request"], days=days)}
