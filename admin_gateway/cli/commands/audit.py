"""`couponctl audit`: what was done, by whom and when."""

import json
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

import rich_click as click

from admin_gateway.cli.options import (
    TIME,
    of_tenant,
    page,
    paged,
)
from admin_gateway.cli.output import answering, core, say
from admin_gateway.responses.audit import entry
from coupon_core.domain.models import utc_now
from coupon_core.domain.models.audit import AuditFilter
from coupon_core.persistence import database
from coupon_core.services import audit as log

SHOWN = ("happened_at", "actor", "action", "object_id", "detail")
SECONDS_BETWEEN_LOOKS = 0.5
LATEST = timedelta(seconds=30)  # transactions are shorter


@click.group()
def audit() -> None:
    """The audit log: list it, watch it grow. It keeps what an erased tenant did."""


@audit.command("list")
@of_tenant
@click.option("--actor", help="An API key's id, or cli, system, server.")
@click.option("--action", help="As definition.changed.")
@click.option("--object", "object_id", help="The id of what it was done to.")
@click.option(
    "--from", "since", type=TIME, help="At or after, as 2030-01-31T12:00:00Z."
)
@click.option("--to", "until", type=TIME, help="Before.")
@paged
@answering(*SHOWN)
def list_(tenant_id: str, limit: int, offset: int, **which: Any) -> dict[str, Any]:
    """List what was done, newest first.

    Example: `couponctl audit list --tenant acme --action definition.changed --json`
    """
    found = log.listed(tenant_id, AuditFilter(**which), page(limit, offset))
    rows, total = found
    return {"entries": [entry(row) for row in rows], "total": total}


@audit.command()
@of_tenant
@click.option("--count", type=click.IntRange(1), help="End after so many entries.")
@click.option("--json", "as_json", is_flag=True, help="A JSON document a line.")
def tail(tenant_id: str, count: int | None, as_json: bool) -> None:
    """Show what is done from now on: a line an entry, until Ctrl-C.

    Example: `couponctl audit tail --tenant acme --count 1 --json`
    """
    with core():
        say("Listening to the audit log. Ctrl-C ends it.")
        for one in islice(_entries(tenant_id, utc_now()), count):
            text = json.dumps(one, ensure_ascii=False)
            click.echo(text if as_json else _line(one))


def _entries(tenant_id: str, began: datetime) -> Iterator[dict[str, Any]]:
    # An entry comes when its transaction ends: one with a lower id may come later.
    seen: set[str] = set()
    while True:
        for one in log.after(tenant_id, max(began, utc_now() - LATEST)):
            if one.entry_id not in seen:
                seen.add(one.entry_id)
                yield entry(one)
        database.release()
        time.sleep(SECONDS_BETWEEN_LOOKS)


def _line(document: dict[str, Any]) -> str:
    values = (document[name] for name in SHOWN)
    return "  ".join(one if isinstance(one, str) else json.dumps(one) for one in values)
