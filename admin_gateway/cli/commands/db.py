"""`couponctl db`: bring the database up to date, and see how it stands."""

from typing import Any

import rich_click as click

from admin_gateway.cli.errors import CommandError, database_status_message
from admin_gateway.cli.output import exit_with_failure, json_command, print_status
from coupon_core.persistence import diagnostics, schema
from coupon_core.persistence.diagnostics import DatabaseStatus


@click.group()
def db() -> None:
    """The database: upgrade it, see how it stands."""


@db.command()
@json_command()
def upgrade() -> dict[str, Any]:
    """Bring the tables up to date; what is so already is left alone.

    Example: `couponctl db upgrade`
    """
    applied = schema.upgrade()
    steps = ", ".join(applied)
    print_status(
        f"The database took {steps}." if applied else "The database was up to date."
    )
    return {"upgraded": applied}


@db.command()
@json_command()
def status() -> dict[str, Any]:
    """Tell which steps the database has taken. Ends with 1 when some are missing.

    Example: `couponctl db status --json`
    """
    database_status, detail = diagnostics.check_status()
    if database_status == DatabaseStatus.UNREACHABLE:
        raise CommandError(database_status_message(database_status, detail))
    if database_status != DatabaseStatus.READY:
        print_status(database_status_message(database_status, detail))
        exit_with_failure()
    steps = schema.list_migrations()
    return {
        "database": diagnostics.describe_product(),
        "up_to_date": database_status == DatabaseStatus.READY,
        "steps": {name: "taken" if applied else "missing" for name, applied in steps},
    }
