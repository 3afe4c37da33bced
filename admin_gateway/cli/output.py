"""Output of commands: a JSON document, or the same data formatted for people."""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from functools import wraps
from typing import Any, TypeVar

import rich_click as click
from click import get_current_context
from click.exceptions import Exit
from marshmallow import ValidationError

from admin_gateway.cli.option_errors import describe_errors
from coupon_core import bootstrap
from coupon_core.domain.models import Refused
from coupon_core.observability import audit_context
from coupon_core.persistence import database
from coupon_core.security.rate_limiting import code_guessing
from coupon_core.security.rate_limiting.policy import GuessLimits
from coupon_core.settings import loader

DocumentFunction = TypeVar("DocumentFunction", bound=Callable[..., dict[str, Any]])
Document = dict[str, Any]
EXIT_WITH_FAILURE_KEY = "coupons.ends_with_one"
PIPED_OUTPUT_WIDTH = 1_000

json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON document."
)


def json_command(
    *columns: str, starts_core: bool = True
) -> Callable[[DocumentFunction], Callable[..., None]]:
    """Turn a function that returns a document into a command that prints it.

    The function runs with the core started, unless `starts_core` is false. `columns`
    are the members shown in a table, with dots for nested members.
    """

    def decorate(build_document: DocumentFunction) -> Callable[..., None]:
        @json_option
        @wraps(build_document)
        def command(as_json: bool, **arguments: Any) -> None:
            with started_core() if starts_core else nullcontext():
                try:
                    document = build_document(**arguments)
                except (ValidationError, Refused) as error:
                    described = describe_errors(get_current_context(), error)
                    raise described or error from error
            print_document(document, as_json, columns=columns)
            if get_current_context().meta.get(EXIT_WITH_FAILURE_KEY):
                raise Exit(1)

        return command

    return decorate


@contextmanager
def started_core() -> Iterator[loader.Settings]:
    """Start the core with the settings from the environment; close it afterwards."""
    settings = loader.load()
    bootstrap.start(settings)
    audit_context.start_context(audit_context.CLI_ACTOR)
    # Without limits: an operator with access to the shell has no need to guess codes.
    code_guessing.configure(GuessLimits())
    try:
        yield settings
    finally:
        database.close_database()


def print_document(
    document: Document, as_json: bool, columns: Sequence[str] = ()
) -> None:
    """Print a document to stdout, as JSON or formatted for people."""
    if as_json:
        click.echo(json.dumps(document, indent=2))
    elif columns and any(isinstance(rows, list) for rows in document.values()):
        _print_list(document, columns)
    else:
        _print_members(document)


def print_status(text: str) -> None:
    """Print a message to stderr, which keeps stdout free for data."""
    click.echo(text, err=True)


def print_secret_notice(*names: str) -> None:
    """Tell people that they must store these secrets now."""
    pronoun = "they are" if names[1:] else "it is"
    print_status(f"Store the {' and the '.join(names)} now; {pronoun} not shown again.")


def exit_with_failure() -> None:
    """Let the command exit with status 1 after its document has been printed."""
    get_current_context().meta[EXIT_WITH_FAILURE_KEY] = True


def _print_members(document: Document) -> None:
    members = list(_flatten(document))
    width = max((len(name) for name, _ in members), default=0)
    for name, value in members:
        click.echo(f"{name:<{width}}  {_format_value(value)}")


def _flatten(document: Document, path: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in document.items():
        if isinstance(value, dict) and value:
            yield from _flatten(value, f"{path}{name}.")
        else:
            yield f"{path}{name}", value


def _print_list(document: Document, columns: Sequence[str]) -> None:
    rows = next(rows for rows in document.values() if isinstance(rows, list))
    _print_table(columns, [dict(_flatten(row)) for row in rows])
    print_status(f"{len(rows)} of {document.get('total', len(rows))}")


def _print_table(columns: Sequence[str], rows: Sequence[Document]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    # Output to a pipe or file is for programs: a wide console avoids wrapped rows.
    console = Console(width=None if sys.stdout.isatty() else PIPED_OUTPUT_WIDTH)
    table = Table(*columns, box=None, pad_edge=False)
    for row in rows:
        # Names may contain square brackets, which rich would parse as markup.
        table.add_row(*(Text(_format_value(row.get(name))) for name in columns))
    console.print(table)


def _format_value(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, list):
        return ", ".join(map(_format_value, value)) or "-"
    return json.dumps(value) if isinstance(value, bool | dict) else str(value)
