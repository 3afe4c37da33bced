"""`couponctl event`: milestones by hand, what goes out, and what went wrong."""

import rich_click as click

from admin_gateway.cli.event.dead import dead
from admin_gateway.cli.event.publishing import publish
from admin_gateway.cli.event.tailing import tail


@click.group()
def event() -> None:
    """Milestones: publish, watch what goes out, dead letters."""


for command in (publish, tail, dead):
    event.add_command(command)
