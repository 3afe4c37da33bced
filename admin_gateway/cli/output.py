"""Output of commands: a JSON document, or the same data formatted for people."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import rich_click as click
from click import get_current_context
from click.exceptions import Exit
from marshmallow import ValidationError

from admin_gateway.cli.errors import CommandError
from admin_gateway.cli.option_errors import describe_errors
from admin_gateway.cli.options import combine_options, pagination_options, tenant_option
from admin_gateway.cli.tables import (
    Document,
    describe_position,
    print_members,
    print_table,
)
from coupon_core import bootstrap
from coupon_core.domain.models import Refused
from coupon_core.observability import audit_context
from coupon_core.persistence import database
from coupon_core.security.rate_limiting import code_guessing
from coupon_core.security.rate_limiting.policy import GuessLimits
from coupon_core.services.access import tenants
from coupon_core.settings import loader

Rows = tuple[Sequence[Any], int]
"""A page of a list, and the number of all matches."""
DocumentFunction = TypeVar("DocumentFunction", bound=Callable[..., dict[str, Any]])
EXIT_WITH_FAILURE_KEY = "coupons.ends_with_one"
SQLITE_PREFIX = "sqlite:///"
MISSING_DATABASE_MESSAGE = (
    "There is no database at {} yet. Run `couponctl db upgrade` to create it; if this "
    "is the wrong place, check COUPON_DATABASE_URL with `couponctl config show`."
)
MISSING_KEY_MESSAGE = (
    "There is no master key: COUPON_MASTER_KEYS is not set and {} does not exist. Set "
    "the key that encrypted the secrets in the database, or run `couponctl db upgrade` "
    "to create one."
)

json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON document."
)


def json_command(
    *columns: str,
    render: Callable[[Document], None] | None = None,
    starts_core: bool = True,
    creates_data: bool = False,
) -> Callable[[DocumentFunction], Callable[..., None]]:
    """Turn a function that returns a document into a command that prints it.

    The function runs with the core started, unless `starts_core` is false, and
    `creates_data` as in `started_core`. `columns` are the members shown in a table,
    with dots for nested members. `render` prints the document in another way.
    """

    def decorate(build_document: DocumentFunction) -> Callable[..., None]:
        @json_option
        @wraps(build_document)
        def command(as_json: bool, **arguments: Any) -> None:
            with started_core(creates_data) if starts_core else nullcontext():
                try:
                    document = build_document(**arguments)
                except (ValidationError, Refused) as error:
                    described = describe_errors(get_current_context(), error)
                    raise described or error from error
            if render and not as_json:
                render(document)
            else:
                print_document(document, as_json, columns=columns)
            if get_current_context().meta.get(EXIT_WITH_FAILURE_KEY):
                raise Exit(1)

        return command

    return decorate


def tenant_command(
    group: click.Group,
    *options: Any,
    name: str | None = None,
    columns: Sequence[str] = (),
) -> Callable[[DocumentFunction], click.Command]:
    """Add a function to a group, as `json_command` with --tenant and the options."""

    def decorate(build_document: DocumentFunction) -> click.Command:
        command = json_command(*columns)(build_document)
        return group.command(name)(combine_options(tenant_option, *options)(command))

    return decorate


def list_command(
    group: click.Group,
    member: str,
    *options: Any,
    serialize: Callable[[Any], Document],
    columns: Sequence[str],
    name: str = "list",
) -> Callable[[Callable[..., Rows]], click.Command]:
    """Add a function that returns a page of rows to a group, as a command.

    `member` is the name of the list in the document, whose `total` counts all matches.
    """

    def decorate(list_rows: Callable[..., Rows]) -> click.Command:
        @wraps(list_rows)
        def build_document(tenant_id: str, **arguments: Any) -> Document:
            tenants.require(tenant_id)
            rows, total = list_rows(tenant_id=tenant_id, **arguments)
            return {member: [serialize(row) for row in rows], "total": total}

        paged = *options, pagination_options
        add = tenant_command(group, *paged, name=name, columns=columns)
        return add(build_document)

    return decorate


@contextmanager
def started_core(creates_data: bool = False) -> Iterator[loader.Settings]:
    """Start the core with the settings from the environment; close it afterwards.

    Unless `creates_data`, neither a database file nor a master key is created.

    Raises:
        CommandError: There is no database file or no master key yet.
    """
    settings = loader.load(creates_secrets=creates_data)
    if not creates_data and (problem := describe_missing_data(settings)):
        raise CommandError(problem)
    bootstrap.start(settings)
    audit_context.start_context(audit_context.CLI_ACTOR)
    # Without limits: an operator with access to the shell has no need to guess codes.
    code_guessing.configure(GuessLimits())
    try:
        yield settings
    finally:
        database.close_database()


def describe_missing_data(settings: loader.Settings) -> str:
    """Return what `db upgrade` has to create first, or an empty string."""
    path = settings.database_url.removeprefix(SQLITE_PREFIX)
    if settings.database_url.startswith(SQLITE_PREFIX) and not Path(path).exists():
        return MISSING_DATABASE_MESSAGE.format(path)
    if not settings.master_keys:
        return MISSING_KEY_MESSAGE.format(settings.data_dir / loader.MASTER_KEY_FILE)
    return ""


def print_document(
    document: Document, as_json: bool, columns: Sequence[str] = ()
) -> None:
    """Print a document to stdout, as JSON or formatted for people."""
    rows = next((rows for rows in document.values() if isinstance(rows, list)), None)
    if as_json:
        click.echo(json.dumps(document, indent=2))
    elif columns and rows is not None:
        print_table(columns, rows)
        offset = get_current_context().params.get("offset", 0)
        if position := describe_position(document, len(rows), offset):
            print_status(position)
    else:
        print_members(document)


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
