"""`couponctl db`: upgrade the database, distribute it, and show its status."""

from typing import Any

import rich_click as click

from admin_gateway.cli.core_errors import database_status_message
from admin_gateway.cli.errors import CommandError
from admin_gateway.cli.output import exit_with_failure, json_command, print_status
from coupon_core.persistence import diagnostics, distribution, schema
from coupon_core.persistence.database import is_postgresql
from coupon_core.persistence.diagnostics import DatabaseStatus

SQLITE_MESSAGE = (
    "SQLite serves one machine only. To distribute tables, set COUPON_DATABASE_URL to "
    "a PostgreSQL with the extension Citus, and run `couponctl db upgrade`."
)
NO_EXTENSION_MESSAGE = (
    "The database has no extension that distributes tables. Install Citus, run "
    "`CREATE EXTENSION citus` in the database and add its worker nodes first; without "
    "them, nothing has to be distributed."
)


@click.group()
def db() -> None:
    """The database: upgrade, status, distribute."""


@db.command()
@json_command(creates_data=True)
def upgrade() -> dict[str, Any]:
    """Apply missing migrations; applied ones are skipped.

    Example: `couponctl db upgrade`
    """
    applied = schema.upgrade()
    if applied:
        noun = "migration" if len(applied) == 1 else "migrations"
        names = applied[0] if len(applied) == 1 else f"{applied[0]} … {applied[-1]}"
        print_status(f"Applied {len(applied)} {noun} ({names}).")
    elif newer := schema.list_newer_migrations():
        print_status(
            f"The database is newer than this release ({newer[-1]}). Nothing to apply."
        )
    else:
        print_status("The database is up to date.")
    return {"upgraded": applied}


@db.command()
@json_command()
def status() -> dict[str, Any]:
    """Show which migrations are applied. Exit status 1 if some are missing.

    Example: `couponctl db status --json`
    """
    database_status, error = diagnostics.check_status()
    if database_status == DatabaseStatus.UNUSABLE:
        raise CommandError(database_status_message(database_status, error))
    if database_status != DatabaseStatus.READY:
        print_status(database_status_message(database_status))
        exit_with_failure()
    steps = schema.list_migrations()
    return {
        "database": diagnostics.describe_product(),
        "up_to_date": database_status == DatabaseStatus.READY,
        "newer_steps": schema.list_newer_migrations(),
        "steps": {name: "taken" if applied else "missing" for name, applied in steps},
    }


@db.command()
@json_command()
def distribute() -> dict[str, Any]:
    """Distribute the tables over the nodes of Citus, by tenant.

    Stop the gateways and workers first: foreign keys are dropped and restored. If the
    command is interrupted, run it again; it continues where it stopped. Afterwards
    `couponctl doctor` shows the nodes.

    Example: `couponctl db distribute`
    """
    database_status, error = diagnostics.check_status()
    if database_status != DatabaseStatus.READY:
        raise CommandError(database_status_message(database_status, error))
    steps = []
    try:
        for step in distribution.distribute():
            print_status(step.description)
            steps.append(step.description)
    except distribution.DistributionUnavailable:
        message = NO_EXTENSION_MESSAGE if is_postgresql() else SQLITE_MESSAGE
        raise CommandError(message) from None
    if not steps:
        print_status("All tables are distributed already.")
    return {"steps": steps}
