"""`couponctl event tail`: follow the events sent to other services."""

import json
from collections.abc import Iterator
from itertools import islice
from typing import Any

import rich_click as click

from admin_gateway.cli.connections import require_no_server
from admin_gateway.cli.options import tail_options, tenant_filter_option
from admin_gateway.cli.output import print_status

COLUMNS = ("time", "type", "tenantid", "subject", "id")


@click.command()
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
    tenant_events = (
        event for event in events if tenant_id in (None, event.get("tenantid"))
    )
    for event in islice(tenant_events, count):
        click.echo(
            json.dumps(event, ensure_ascii=False) if as_json else _format_line(event)
        )


def _receive_events(broker_url: str) -> Iterator[dict[str, Any]]:
    from coupon_core.messaging import inspection  # imports kombu, which is slow

    bodies = inspection.tail_events(broker_url)
    next(bodies)
    print_status("Listening to coupons.out. Press Ctrl-C to stop.")
    return (json.loads(body) for body in bodies if body is not None)


def _format_line(event: dict[str, Any]) -> str:
    code = event["data"].get("coupon", {}).get("code", "")
    return "  ".join([*(str(event.get(name, "-")) for name in COLUMNS), code]).rstrip()
