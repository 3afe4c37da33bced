"""`couponctl event dead`: messages that could not be processed."""

from collections.abc import Callable, Iterator
from typing import Any

import rich_click as click

from admin_gateway.cli.confirmation import confirm, confirmation_options
from admin_gateway.cli.errors import to_command_error
from admin_gateway.cli.field_params import UUID_PARAM
from admin_gateway.cli.options import id_option, pagination_options
from admin_gateway.cli.output import exit_with_failure, json_command
from admin_gateway.responses.events import serialize_dead_letter
from coupon_core.domain.models import Page, Refused, utc_now
from coupon_core.services.events import dead_letters

COLUMNS = ("id", "received_at", "tenant_id", "queue", "reason")
PAGE_SIZE = 500

optional_tenant_option = id_option("tenant", "Only letters of this tenant ID.")


@click.group()
def dead() -> None:
    """Dead letters: list, show, retry, drop. Without --tenant: of all tenants."""


def letter_selection_options(command: Any) -> Any:
    """Add the argument LETTER_ID, --all and --tenant to a command."""
    all_option = click.option(
        "--all", "all_letters", is_flag=True, help="All dead letters."
    )
    letter_argument = click.argument("letter_id", type=UUID_PARAM, required=False)
    return letter_argument(all_option(optional_tenant_option(command)))


@dead.command("list")
@optional_tenant_option
@pagination_options
@json_command(*COLUMNS)
def list_(tenant_id: str | None, page: Page) -> dict[str, Any]:
    """List dead letters, newest first.

    Example: `couponctl event dead list --tenant acme`
    """
    rows, total = dead_letters.list_dead_letters(tenant_id, page)
    return {"dead_letters": [*map(serialize_dead_letter, rows)], "total": total}


@dead.command()
@optional_tenant_option
@click.argument("letter_id", type=UUID_PARAM)
@json_command()
def show(tenant_id: str | None, letter_id: str) -> dict[str, Any]:
    """Show a dead letter with its complete message.

    Example: `couponctl event dead show 0198c0de-…`
    """
    return serialize_dead_letter(dead_letters.get(tenant_id, letter_id))


@dead.command()
@letter_selection_options
@json_command()
def retry(
    letter_id: str | None, all_letters: bool, tenant_id: str | None
) -> dict[str, Any]:
    """Send dead letters to their queues again.

    With --all, exit status 1 if one is refused; the others are sent.

    Example: `couponctl event dead retry --all --tenant acme`
    """
    now = utc_now()
    ids = _list_selected_ids(letter_id, all_letters, tenant_id=tenant_id)
    return _apply_to_each(
        ids,
        "retried",
        is_bulk=all_letters,
        action=lambda selected_id: dead_letters.retry(tenant_id, selected_id, now=now),
    )


@dead.command()
@letter_selection_options
@confirmation_options
@json_command()
def drop(
    letter_id: str | None,
    all_letters: bool,
    tenant_id: str | None,
    yes: bool,
    dry_run: bool,
) -> dict[str, Any]:
    """Delete a dead letter, or with --all many of them after a confirmation.

    With --all, exit status 1 if one is refused; the others are deleted.

    Example: `couponctl event dead drop 0198c0de-… --json`
    """
    ids = _list_selected_ids(letter_id, all_letters, tenant_id=tenant_id)
    if dry_run:
        return {"dry_run": True, "dropped": ids, "refused": []}
    if all_letters:
        owner = f"tenant {tenant_id}" if tenant_id else "all tenants"
        confirm(f"Delete {len(ids):,} dead letters of {owner}?", yes)
    return _apply_to_each(
        ids,
        "dropped",
        is_bulk=all_letters,
        action=lambda selected_id: dead_letters.discard(tenant_id, selected_id),
    )


def _list_selected_ids(
    letter_id: str | None, all_letters: bool, tenant_id: str | None
) -> list[str]:
    if all_letters == (letter_id is not None):
        raise click.UsageError("Use either LETTER_ID or --all.")
    return [letter_id] if letter_id else list(_list_all_ids(tenant_id))


def _list_all_ids(tenant_id: str | None) -> Iterator[str]:
    offset = 0
    while True:
        rows, _ = dead_letters.list_dead_letters(tenant_id, Page(PAGE_SIZE, offset))
        if not rows:
            return
        yield from (row.letter_id for row in rows)
        offset += len(rows)


def _apply_to_each(
    ids: list[str], result_name: str, is_bulk: bool, action: Callable[[str], None]
) -> dict[str, list[Any]]:
    succeeded: list[str] = []
    refused: list[dict[str, Any]] = []
    for letter_id in ids:
        try:
            action(letter_id)
            succeeded.append(letter_id)
        except Refused as error:
            if not is_bulk:
                raise
            refused.append({"id": letter_id, "reason": str(to_command_error(error))})
    if refused:
        exit_with_failure()
    return {result_name: succeeded, "refused": refused}
