"""Options shared by commands, parsed by the same fields as HTTP requests."""

from collections.abc import Callable
from enum import StrEnum
from functools import reduce
from typing import Any, Protocol, TypeVar

import rich_click as click

from admin_gateway.cli.param_types import (
    TENANT_PARAM,
    EnumChoice,
    IntegerRange,
    JsonObjectParam,
    LocalizedTextParam,
)

Command = TypeVar("Command", bound=Callable[..., Any])


class OptionDecorator(Protocol):
    """A decorator that adds options to a command."""

    def __call__(self, command: Command, /) -> Command:
        """Return the command with the options."""


TIME_EXAMPLES = "for example 2030-01-31, 2030-01-31T18:00 or 2030-01-31T12:00:00Z"


def combine_options(*options: Any) -> OptionDecorator:
    """Return a decorator that adds the options to a command, listed in this order."""
    return lambda command: reduce(
        lambda decorated, option: option(decorated), reversed(options), command
    )


tenant_option = click.option(
    "--tenant", "tenant_id", type=TENANT_PARAM, required=True, help="Tenant ID."
)
tenant_filter_option = click.option(
    "--tenant",
    "tenant_id",
    type=TENANT_PARAM,
    help="Only this tenant ID. Default: all tenants.",
)
api_filter_option = click.option(
    "--api", "dialect", help="Only calls of phoenix, playcamp or mambo."
)
time_filter_options = combine_options(
    click.option("--from", "from", help="At or after, such as 2030-01-31."),
    click.option("--to", "to", help="Before this time. Default: now."),
)
dates_options = combine_options(
    click.option("--starts", "starts_at", help=f"Start, {TIME_EXAMPLES}."),
    click.option("--ends", "ends_at", help=f"End, {TIME_EXAMPLES}."),
)
new_expiry_options = combine_options(
    click.option("--expires", "expires_at", help=f"New expiry, {TIME_EXAMPLES}."),
    click.option(
        "--follow-definition",
        is_flag=True,
        help="Let them expire with their definition.",
    ),
)


def localized_option(name: str, member: str, help_text: str) -> OptionDecorator:
    """Return an option for a text, or for texts by locale."""
    text = f'{help_text}, or texts by locale: {{"en": "…", "ko": "…"}}.'
    return click.option(name, member, type=LocalizedTextParam(), help=text)


def active_option(help_text: str) -> OptionDecorator:
    """Return the option that enables or disables an object."""
    return click.option(
        "--active/--inactive", "is_active", default=None, help=help_text
    )


def enum_filter_option(name: str, enum: type[StrEnum]) -> OptionDecorator:
    """Return the option of a list that shows only what has one of the values."""
    text = f"Only those with this {name}."
    return click.option(f"--{name}", type=EnumChoice(enum), help=text)


def read_new_expiry(expires_at: str | None, follow_definition: bool) -> str | None:
    """Return the expiry of `new_expiry_options`; None is that of the definition.

    Raises:
        click.UsageError: Neither or both of the options were given.
    """
    if (expires_at is None) != follow_definition:
        raise click.UsageError("Use either --expires or --follow-definition.")
    return expires_at


def limit_option(maximum: int = 500, default: int = 100) -> OptionDecorator:
    """Return the option for the maximum number of entries."""
    return click.option(
        "--limit",
        type=IntegerRange(1, maximum),
        default=default,
        show_default=True,
        help="Maximum number of entries.",
    )


page_options = combine_options(
    limit_option(),
    click.option(
        "--offset",
        type=IntegerRange(0),
        default=0,
        show_default=True,
        help="Number of entries to skip.",
    ),
)
cursor_options = combine_options(
    limit_option(), click.option("--cursor", help="`next` of the previous page.")
)
body_file_option = click.option(
    "--file",
    "body_file",
    type=click.File("rb"),
    help="JSON file with the body of the API request, - for stdin; options win.",
)

# The options of commands that follow new entries.
tail_options = combine_options(
    click.option("--count", type=IntegerRange(1), help="Exit after so many entries."),
    click.option(
        "--json", "as_json", is_flag=True, help="Print one JSON document per line."
    ),
)


def build_body(body_file: Any | None = None, **options: Any) -> dict[str, Any]:
    """Return the body of a request: the JSON object of --file, changed by options."""
    return {**parse_body_file(body_file), **without_unset(**options)}


def parse_body_file(file: Any | None) -> dict[str, Any]:
    """Return the JSON object in a file, or an empty one if there is no file."""
    from coupon_core.schemas.strict_json import parse_object

    return parse_object(file.read()) if file else {}


def parse_metadata_filters(
    context: click.Context, parameter: click.Parameter, values: tuple[str, ...]
) -> dict[str, str]:
    """Return the metadata that KEY=VALUE options ask for, by key."""
    from coupon_core.domain.metadata import is_metadata_key

    pairs = [value.partition("=") for value in values]
    for key, separator, _ in pairs:
        if not separator or not is_metadata_key(key):
            message = f"{key!r}: expected KEY=VALUE, for example season=winter"
            raise click.BadParameter(message, context, parameter)
    return {key: value for key, _, value in pairs}


metadata_option = click.option(
    "--metadata",
    type=JsonObjectParam(),
    help='Data of your own, for example {"season": "winter"}. An update replaces it.',
)
metadata_filter_option = click.option(
    "--metadata",
    multiple=True,
    callback=parse_metadata_filters,
    help="Only those with KEY=VALUE in their metadata (repeatable).",
)


def without_unset(**members: Any) -> dict[str, Any]:
    """Return the given options: leave out None and empty tuples.

    The tuple of a repeatable option becomes a list, as in JSON.
    """
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in members.items()
        if value not in (None, ())
    }
