"""`couponctl audit`: list and follow the audit log."""

import json
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

import rich_click as click

from admin_gateway.cli.api_commands import api_command, page_options
from admin_gateway.cli.core import started_core
from admin_gateway.cli.options import tail_options, tenant_option
from admin_gateway.cli.output import print_status
from admin_gateway.cli.tables import format_value
from admin_gateway.responses.audit import serialize_audit_entry
from coupon_core.domain.models import utc_now
from coupon_core.persistence import database
from coupon_core.services import audit as audit_service

if TYPE_CHECKING:
    from coupons_sdk import CouponsAdmin

COLUMNS = (
    "happened_at",
    "actor_name",
    "action",
    "object_name",
    "object_id",
    "changes",
    "detail",
)
POLL_INTERVAL_SECONDS = 0.5
MAX_COMMIT_DELAY = timedelta(seconds=30)  # longer than any transaction


@click.group()
def audit() -> None:
    """The audit log: list, tail. Entries of erased tenants are kept."""


@api_command(
    audit,
    click.option("--actor", help="API key ID, key:NAME, cli, system or server."),
    click.option("--action", help="Action, for example definition.changed."),
    click.option("--object", "object_id", help="ID of the changed object."),
    click.option(
        "--from", "from", help="At or after, for example 2030-01-31T12:00:00Z."
    ),
    click.option("--to", "to", help="Before this time."),
    page_options,
    name="list",
    columns=COLUMNS,
)
def list_(admin: "CouponsAdmin", **query: Any) -> Any:
    """List audit entries, newest first.

    Example: `couponctl audit list --tenant acme --action definition.changed --json`
    """
    return admin.call("GET", "audit", query=query)


@audit.command()
@tenant_option
@tail_options
def tail(tenant_id: str, count: int | None, as_json: bool) -> None:
    """Show new audit entries, one per line, until Ctrl-C.

    Example: `couponctl audit tail --tenant acme --count 1 --json`
    """
    with started_core():
        started_at = utc_now()  # before readers of the message make changes
        print_status("Listening to the audit log. Press Ctrl-C to stop.")
        for entry in islice(_follow_entries(tenant_id, started_at), count):
            text = json.dumps(entry, ensure_ascii=False)
            click.echo(text if as_json else _format_line(entry))


def _follow_entries(tenant_id: str, started_at: datetime) -> Iterator[dict[str, Any]]:
    # An entry becomes visible when its transaction commits, so an entry with a lower
    # ID may appear later. Each poll therefore looks back and skips entries seen before.
    seen_ids: set[str] = set()
    while True:
        for entry in audit_service.list_entries_since(
            tenant_id, max(started_at, utc_now() - MAX_COMMIT_DELAY)
        ):
            if entry.entry_id not in seen_ids:
                seen_ids.add(entry.entry_id)
                yield serialize_audit_entry(entry)
        database.release_connection()
        time.sleep(POLL_INTERVAL_SECONDS)


def _format_line(document: dict[str, Any]) -> str:
    return "  ".join(format_value(document[name]) for name in COLUMNS)
