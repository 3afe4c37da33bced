"""`couponctl event`: publish milestones, follow events, handle dead letters."""

import json
from collections.abc import Iterator
from typing import Any

import rich_click as click

from admin_gateway.cli.commands.event.dead_letters import dead
from admin_gateway.cli.commands.event.publish import publish
from admin_gateway.cli.connections import require_no_server
from admin_gateway.cli.options import tail_options, tenant_filter_option
from admin_gateway.cli.output import print_entries, print_status

COLUMNS = ("time", "type", "tenantid", "subject", "id", "data.coupon.code")


@click.group(commands=[publish, dead])
def event() -> None:
    """Events: publish a milestone, tail outgoing events, manage dead letters."""


@event.command()
@tenant_filter_option
@tail_options
def tail(tenant_id: str | None, count: int | None, as_json: bool) -> None:
    """Show new outgoing events, one per line, until Ctrl-C.

    It uses a queue of its own, so other consumers still receive every event.

    Example: `couponctl event tail --tenant demo --count 1 --json`
    """
    require_no_server()
    from coupon_core.settings import loader  # imports marshmallow

    events = _receive_events(loader.load(creates_secrets=False).broker_url)
    chosen = (each for each in events if tenant_id in (None, each.get("tenantid")))
    print_entries(chosen, count, as_json=as_json, columns=COLUMNS)


def _receive_events(broker_url: str) -> Iterator[dict[str, Any]]:
    from coupon_core.messaging import inspection  # imports kombu, which is slow

    bodies = inspection.tail_events(broker_url)
    next(bodies)
    print_status("Listening to coupons.out. Press Ctrl-C to stop.")
    return (json.loads(body) for body in bodies if body is not None)
