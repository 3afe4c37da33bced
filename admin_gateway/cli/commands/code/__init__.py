"""`couponctl code`: manage codes one by one or in bulk."""

import rich_click as click

from admin_gateway.cli.commands.code.bulk import extend, job, revoke
from admin_gateway.cli.commands.code.csv_files import export, import_
from admin_gateway.cli.commands.code.inventory import assign, list_, show


@click.group()
def code() -> None:
    """Codes: list, show, assign, revoke, extend, job, export, import."""


for command in (list_, show, assign, revoke, extend, job, export, import_):
    code.add_command(command)
