"""`couponctl event dead`: messages that could not be processed."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, NamedTuple

import rich_click as click
from click import get_current_context

from admin_gateway.cli.api_commands import api_command
from admin_gateway.cli.confirmation import confirm, confirmation_options
from admin_gateway.cli.connections import find_connection
from admin_gateway.cli.errors import to_command_error
from admin_gateway.cli.options import combine_options, page_options
from admin_gateway.cli.output import exit_with_failure
from admin_gateway.cli.param_types import UUID_PARAM
from admin_gateway.cli.tables import Document

COLUMNS = ("id", "received_at", "tenant_id", "queue", "reason")
PAGE_SIZE = 500


class Letters(NamedTuple):
    """What can be done with dead letters: on a server, or beside the database."""

    list: Callable[[int, int], Document]
    get: Callable[[str], Document]
    retry: Callable[[str], Any]
    drop: Callable[[str], Any]


@contextmanager
def _open_letters(tenant_id: str | None) -> Iterator[Letters]:
    if find_connection():
        from admin_gateway.cli.clients import open_admin

        with open_admin(tenant_id) as admin:
            yield Letters(
                lambda limit, offset: admin.call(
                    "GET", "dead-letters", query={"limit": limit, "offset": offset}
                ),
                lambda letter_id: admin.call("GET", "dead-letters", letter_id),
                admin.dead_letters.retry,
                admin.dead_letters.drop,
            )
        return
    # Only here are letters of no tenant, so this is no call of the admin API.
    from admin_gateway.cli.core import started_core
    from admin_gateway.responses.events import serialize_dead_letter
    from coupon_core.domain.models import Page, utc_now
    from coupon_core.services.events import dead_letters

    def list_page(limit: int, offset: int) -> Document:
        rows, total = dead_letters.list_dead_letters(tenant_id, Page(limit, offset))
        return {"dead_letters": [*map(serialize_dead_letter, rows)], "total": total}

    with started_core():
        yield Letters(
            list_page,
            lambda letter_id: serialize_dead_letter(
                dead_letters.get(tenant_id, letter_id)
            ),
            lambda letter_id: dead_letters.retry(tenant_id, letter_id, utc_now()),
            lambda letter_id: dead_letters.discard(tenant_id, letter_id),
        )


@click.group()
def dead() -> None:
    """Dead letters: list, show, retry, delete.

    Beside the database, they are those of all tenants without --tenant.
    """


letter_command = partial(api_command, dead, open_client=_open_letters)
letter_argument = click.argument("letter_id", type=UUID_PARAM)
letter_selection_options = combine_options(
    click.argument("letter_id", type=UUID_PARAM, required=False),
    click.option("--all", "all_letters", is_flag=True, help="All dead letters."),
)


@letter_command(page_options, name="list", columns=COLUMNS)
def list_(letters: Letters, limit: int, offset: int) -> Document:
    """List dead letters, newest first.

    Example: `couponctl event dead list --tenant acme`
    """
    return letters.list(limit, offset)


@letter_command(letter_argument)
def show(letters: Letters, letter_id: str) -> Document:
    """Show a dead letter with its complete message.

    Example: `couponctl event dead show 0198c0de-…`
    """
    return letters.get(letter_id)


@letter_command(letter_selection_options)
def retry(letters: Letters, letter_id: str | None, all_letters: bool) -> Document:
    """Send dead letters to their queues again.

    With --all, exit status 1 if one is refused; the others are sent.

    Example: `couponctl event dead retry --all --tenant acme`
    """
    ids = _list_selected_ids(letters, letter_id, all_letters=all_letters)
    return _apply_to_each(ids, "retried", is_bulk=all_letters, action=letters.retry)


@letter_command(letter_selection_options, confirmation_options)
def delete(
    letters: Letters, letter_id: str | None, all_letters: bool, yes: bool, dry_run: bool
) -> Document:
    """Delete a dead letter, or with --all many of them after a confirmation.

    With --all, exit status 1 if one is refused; the others are deleted.

    Example: `couponctl event dead delete 0198c0de-… --json`
    """
    ids = _list_selected_ids(letters, letter_id, all_letters=all_letters)
    if dry_run:
        return {"dry_run": True, "dropped": ids, "refused": []}
    if all_letters:
        tenant_id = get_current_context().params["tenant_id"]
        owner = f"tenant {tenant_id}" if tenant_id else "all tenants"
        confirm(f"Delete {len(ids):,} dead letters of {owner}?", yes)
    return _apply_to_each(ids, "dropped", is_bulk=all_letters, action=letters.drop)


def _list_selected_ids(
    letters: Letters, letter_id: str | None, all_letters: bool
) -> list[str]:
    if all_letters == (letter_id is not None):
        raise click.UsageError("Use either LETTER_ID or --all.")
    return [letter_id] if letter_id else list(_list_all_ids(letters))


def _list_all_ids(letters: Letters) -> Iterator[str]:
    offset = 0
    while rows := letters.list(PAGE_SIZE, offset)["dead_letters"]:
        yield from (row["id"] for row in rows)
        offset += len(rows)


def _apply_to_each(
    ids: list[str], result_name: str, is_bulk: bool, action: Callable[[str], Any]
) -> Document:
    succeeded: list[str] = []
    refused: list[Document] = []
    for letter_id in ids:
        try:
            action(letter_id)
            succeeded.append(letter_id)
        except Exception as error:
            described = to_command_error(error)
            if not is_bulk or described is None:
                raise
            refused.append({"id": letter_id, "reason": str(described)})
    if refused:
        exit_with_failure()
    return {result_name: succeeded, "refused": refused}
