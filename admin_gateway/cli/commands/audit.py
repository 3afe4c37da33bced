"""`couponctl audit`: list and follow the audit log."""

import time
from collections.abc import Iterator
from datetime import timedelta

import rich_click as click

from admin_gateway.cli.api_commands import optional_tenant_option
from admin_gateway.cli.connections import server_options
from admin_gateway.cli.names import Admin
from admin_gateway.cli.options import tail_options, time_filter_options
from admin_gateway.cli.output import print_entries, print_status
from admin_gateway.cli.request_groups import RequestGroup
from admin_gateway.cli.tables import Document

COLUMNS = (
    *("happened_at", "actor_name", "action", "object_name", "object_id", "changes"),
    "detail",
)
POLL_INTERVAL_SECONDS = 1.0
MAX_COMMIT_DELAY = timedelta(seconds=30)  # longer than any transaction


audit = RequestGroup(
    "audit", "audit", "The audit log: list, tail. Entries of erased tenants are kept."
)
audit.add_request(
    "list --action definition.changed --json",
    "GET",
    "List audit entries, newest first.",
    click.option("--actor", help="API key ID, key:NAME, cli, system or server."),
    click.option("--action", help="Action, for example definition.changed."),
    click.option("--object", "object_id", help="ID of the changed object."),
    time_filter_options,
    columns=COLUMNS,
)


@audit.command()
@optional_tenant_option
@server_options
@tail_options
def tail(tenant_id: str | None, count: int | None, as_json: bool) -> None:
    """Show new audit entries, one per line, until Ctrl-C.

    Example: `couponctl audit tail --tenant acme --count 1 --json`
    """
    from admin_gateway.cli.clients import open_admin

    with open_admin(tenant_id) as admin:
        print_entries(_follow(admin), count, as_json=as_json, columns=COLUMNS)


def _follow(admin: Admin) -> Iterator[Document]:
    # An entry becomes visible when its transaction commits, so an older entry may
    # appear later. Each poll therefore looks back and skips entries seen before. The
    # times are those of the server, whose clock may differ.
    newest = next(iter(admin.audit.list(limit=1)), None)
    since = newest.happened_at - MAX_COMMIT_DELAY if newest else None
    seen = {entry.entry_id for entry in admin.audit.list(from_=since, limit=500)}
    print_status("Listening to the audit log. Press Ctrl-C to stop.")
    while True:
        found = [*admin.audit.list(from_=since, limit=500)]
        for entry in reversed(found):
            if entry.entry_id not in seen:
                seen.add(entry.entry_id)  # new entries may shift the pages
                yield dict(entry.raw)
        seen = {entry.entry_id for entry in found}
        if found:
            since = found[0].happened_at - MAX_COMMIT_DELAY
        time.sleep(POLL_INTERVAL_SECONDS)
