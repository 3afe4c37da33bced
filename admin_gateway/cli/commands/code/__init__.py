"""`couponctl code`: manage codes one by one or in bulk."""

import rich_click as click

from admin_gateway.cli.commands.code.attempts import attempts
from admin_gateway.cli.commands.code.bulk import (
    expiry,
    extend,
    job,
    restore,
    revoke,
)
from admin_gateway.cli.commands.code.csv_files import export, import_
from admin_gateway.cli.commands.code.inventory import assign, list_, show
from admin_gateway.cli.commands.code.support import explain, search


@click.group()
def code() -> None:
    """Codes: list, show, explain, search, attempts, assign, revoke, export, …."""


COMMANDS = (
    *(list_, show, explain, search, attempts, assign, revoke, restore, extend, expiry),
    *(job, export, import_),
)
for command in COMMANDS:
    code.add_command(command)
