"""Output of commands: a JSON document, or the same data formatted for people."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import wraps
from itertools import islice
from typing import Any, TypeVar

import rich_click as click
from click import get_current_context
from click.exceptions import Exit

from admin_gateway.cli.errors import CommandError
from admin_gateway.cli.options import OptionDecorator, combine_options
from admin_gateway.cli.tables import (
    Document,
    describe_position,
    format_field,
    format_value,
    get_member,
    print_csv,
    print_members,
    print_table,
)

DocumentFunction = TypeVar("DocumentFunction", bound=Callable[..., dict[str, Any]])
EXIT_WITH_FAILURE_KEY = "coupons.ends_with_one"
# Where a command has written. With --json, stderr is one object if the command fails.
NOTICE_KEY = "coupons.notice"

FORMATS = ("table", "json", "csv", "id")

json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON document."
)
format_options = combine_options(
    json_option,
    click.option(
        "--output",
        "output_format",
        type=click.Choice(FORMATS),
        help="Format; id prints the ID of each object only.",
    ),
    click.option("--field", help="Print only this member, for example status."),
)


def json_command(
    *columns: str,
    render: Callable[[Document], None] | None = None,
    render_csv: Callable[[Document], None] | None = None,
    starts_core: bool = True,
    creates_data: bool = False,
    options: OptionDecorator = format_options,
) -> Callable[[DocumentFunction], Callable[..., None]]:
    """Turn a function that returns a document into a command that prints it.

    The function runs with the core started, unless `starts_core` is false, and
    `creates_data` as in `started_core`. `columns` are the members shown in a table,
    with dots for nested members. `render` and `render_csv` print it in another way.
    """

    def decorate(build_document: DocumentFunction) -> Callable[..., None]:
        @options
        @wraps(build_document)
        def command(
            as_json: bool,
            output_format: str | None = None,
            field: str | None = None,
            **arguments: Any,
        ) -> None:
            if as_json and output_format:
                raise click.UsageError("Use either --json or another format.")
            with _started_core(creates_data) if starts_core else nullcontext():
                document = _build(build_document, arguments)
            chosen_format = "json" if as_json else output_format
            printers = {} if field else {"table": render, "csv": render_csv}
            if special_printer := printers.get(chosen_format or "table"):
                special_printer(document)
                _print_position(document, columns)
            else:
                print_document(document, chosen_format, columns=columns, field=field)
            _finish(as_json)

        return command

    return decorate


def _finish(as_json: bool) -> None:
    meta = get_current_context().meta
    if as_json and (notice := meta.get(NOTICE_KEY)):
        print_status(notice)
    if meta.get(EXIT_WITH_FAILURE_KEY):
        raise Exit(1)


def _started_core(creates_data: bool) -> AbstractContextManager[Any]:
    from admin_gateway.cli.core import started_core  # imports the core

    return started_core(creates_data)


def _build(
    build_document: Callable[..., Document], arguments: dict[str, Any]
) -> Document:
    """Return the document; errors speak of the options of the command."""
    try:
        return build_document(**arguments)
    except (click.ClickException, click.Abort, Exit):
        raise
    except Exception as error:
        from admin_gateway.cli.option_errors import describe_errors

        context = get_current_context()
        described = describe_errors(context, error)
        if described and (notice := context.meta.get(NOTICE_KEY)):
            described.notice = notice
        raise described or error from error


def print_document(
    document: Document,
    output_format: str | None = None,
    columns: Sequence[str] = (),
    field: str | None = None,
) -> None:
    """Print a document to stdout, by default as a table for people.

    Of a list, which has `columns`, the rows are printed; `field` prints only this
    member.
    """
    lists = [value for value in document.values() if isinstance(value, list)]
    is_list = bool(columns and lists)
    rows = lists[0] if is_list else [document]
    if field:
        _require_member(rows, field)
        click.echo(
            "".join(f"{format_field(get_member(row, field))}\n" for row in rows),
            nl=False,
        )
    elif output_format == "json":
        click.echo(json.dumps(document, indent=2))
    elif output_format == "id":
        for row in rows:
            click.echo(row["id"] if "id" in row else next(iter(row.values())))
    elif output_format == "csv":
        print_csv(rows)
    elif is_list:
        print_table(columns, rows)
        _print_position(document, columns)
    else:
        print_members(document)


def _print_position(document: Document, columns: Sequence[str]) -> None:
    if not columns and not document.get("next"):
        return  # no list with pages
    rows = next((each for each in document.values() if isinstance(each, list)), [])
    offset = get_current_context().params.get("offset", 0)
    if position := describe_position(document, len(rows), offset):
        print_status(position)


def _require_member(rows: Sequence[Document], path: str) -> None:
    """Check the first name of a path; what is below it may be data of the tenant.

    Raises:
        CommandError: No row has the member.
    """
    name = path.partition(".")[0]
    names = list(dict.fromkeys(name for row in rows for name in row))
    if rows and name not in names:
        raise CommandError(
            f'The answer has no member "{name}": for --field, expected one of '
            f"{', '.join(names)}.",
            "NO_SUCH_MEMBER",
        )


def print_entries(
    entries: Iterator[Document],
    count: int | None,
    as_json: bool,
    columns: Sequence[str],
) -> None:
    """Print entries as they come, one on each line, at most so many."""
    for entry in islice(entries, count):
        cells = (format_value(get_member(entry, name)) for name in columns)
        text = json.dumps(entry, ensure_ascii=False) if as_json else "  ".join(cells)
        click.echo(text)


def describe_count(number: int, noun: str) -> str:
    """Return, for example, "1 row" or "2,000 rows"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def print_status(text: str) -> None:
    """Print a message to stderr, which keeps stdout free for data."""
    click.echo(text, err=True)


def print_secret_notice(*names: str) -> None:
    """Remind the user to store these secrets now."""
    pronoun = "they are" if names[1:] else "it is"
    print_status(f"Store the {' and the '.join(names)} now; {pronoun} not shown again.")


def exit_with_failure() -> None:
    """Let the command exit with status 1 after its document has been printed."""
    get_current_context().meta[EXIT_WITH_FAILURE_KEY] = True
