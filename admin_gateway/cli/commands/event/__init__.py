"""`couponctl event`: publish milestones, follow events, handle dead letters."""

import rich_click as click

from admin_gateway.cli.commands.event.dead_letters import dead
from admin_gateway.cli.commands.event.publish import publish
from admin_gateway.cli.commands.event.tail import tail


@click.group()
def event() -> None:
    """Events: publish a milestone, tail outgoing events, manage dead letters."""


for command in (publish, tail, dead):
    event.add_command(command)
