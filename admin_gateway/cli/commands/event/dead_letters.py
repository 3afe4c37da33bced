"""`couponctl event dead`: messages that could not be processed, of all tenants."""

from collections.abc import Callable, Iterator
from typing import Any

import rich_click as click

from admin_gateway.cli.errors import sentence_of
from admin_gateway.cli.options import (
    TENANT,
    UUID,
    page,
    paged,
)
from admin_gateway.cli.output import answering, ends_with_one
from admin_gateway.responses.serializers import dead_letter
from coupon_core.domain.models import Page, Refused, utc_now
from coupon_core.services.events import dead_letters

COLUMNS = ("id", "received_at", "tenant_id", "queue", "reason")
MOST_AT_ONCE = 500

maybe_tenant = click.option(
    "--tenant", "tenant_id", type=TENANT, help="Only this tenant's."
)


@click.group()
def dead() -> None:
    """Dead letters: list, show, retry, drop. Without --tenant those of all tenants."""


def chosen(command: Any) -> Any:
    """Give a command an id, or --all, as what it is about."""
    every = click.option("--all", "every", is_flag=True, help="All there are.")
    letter = click.argument("letter_id", type=UUID, required=False)
    return letter(every(maybe_tenant(command)))


@dead.command("list")
@maybe_tenant
@paged
@answering(*COLUMNS)
def list_(tenant_id: str | None, limit: int, offset: int) -> dict[str, Any]:
    """List dead letters, newest first.

    Example: `couponctl event dead list --tenant acme`
    """
    rows, total = dead_letters.listed(tenant_id, page(limit, offset))
    return {"dead_letters": [dead_letter(row) for row in rows], "total": total}


@dead.command()
@maybe_tenant
@click.argument("letter_id", type=UUID)
@answering()
def show(tenant_id: str | None, letter_id: str) -> dict[str, Any]:
    """Show a dead letter with all that came.

    Example: `couponctl event dead show 0198c0de-…`
    """
    return dead_letter(dead_letters.get(tenant_id, letter_id))


@dead.command()
@chosen
@answering()
def retry(letter_id: str | None, every: bool, tenant_id: str | None) -> dict[str, Any]:
    """Send dead letters to their queues again. Ends with 1 when one cannot be.

    Example: `couponctl event dead retry --all --tenant acme`
    """
    now = utc_now()
    ids = _ids(letter_id, every, tenant_id)
    return _each(ids, "retried", lambda one: dead_letters.retry(tenant_id, one, now))


@dead.command()
@chosen
@answering()
def drop(letter_id: str | None, every: bool, tenant_id: str | None) -> dict[str, Any]:
    """Forget dead letters.

    Example: `couponctl event dead drop 0198c0de-… --json`
    """
    ids = _ids(letter_id, every, tenant_id)
    return _each(ids, "dropped", lambda one: dead_letters.drop(tenant_id, one))


def _ids(letter_id: str | None, every: bool, tenant_id: str | None) -> list[str]:
    if every == (letter_id is not None):
        raise click.UsageError("Give either an id or --all.")
    return [letter_id] if letter_id else list(_all_ids(tenant_id))


def _all_ids(tenant_id: str | None) -> Iterator[str]:
    skipped = 0
    while rows := dead_letters.listed(tenant_id, Page(MOST_AT_ONCE, skipped))[0]:
        yield from (row.letter_id for row in rows)
        skipped += len(rows)


def _each(
    ids: list[str], done_is: str, act: Callable[[str], None]
) -> dict[str, list[Any]]:
    done: list[str] = []
    refused: list[dict[str, Any]] = []
    for letter_id in ids:
        try:
            act(letter_id)
            done.append(letter_id)
        except Refused as error:
            refused.append({"id": letter_id, "reason": sentence_of(error)})
    if refused:
        ends_with_one()
    return {done_is: done, "refused": refused}
