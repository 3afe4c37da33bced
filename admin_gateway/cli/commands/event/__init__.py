"""`couponctl event`: milestones by hand, what goes out, and what went wrong."""

import rich_click as click

from admin_gateway.cli.commands.event.dead_letters import dead
from admin_gateway.cli.commands.event.publish import publish
from admin_gateway.cli.commands.event.tail import tail


@click.group()
def event() -> None:
    """Milestones: publish, watch what goes out, dead letters."""


for command in (publish, tail, dead):
    event.add_command(command)
