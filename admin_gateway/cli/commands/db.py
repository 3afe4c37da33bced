"""`couponctl db`: upgrade, copy, encrypt again or distribute the database."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import rich_click as click

from admin_gateway.cli.core_errors import database_status_message
from admin_gateway.cli.errors import CommandError
from admin_gateway.cli.output import exit_with_failure, json_command, print_status
from admin_gateway.cli.progress import progress_bar
from coupon_core.persistence import diagnostics, distribution, schema, sqlite_copy
from coupon_core.persistence.database import is_postgresql
from coupon_core.persistence.diagnostics import DatabaseStatus
from coupon_core.services import master_keys

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
    """The database: upgrade, copy to PostgreSQL, encrypt again, distribute."""


@db.command()
@json_command(creates_data=True)
def upgrade() -> dict[str, Any]:
    """Apply missing migrations; applied ones are skipped.

    A migration that removes something is applied only after all processes of the
    releases that need it have ended.

    Example: `couponctl db upgrade`
    """
    applied = schema.upgrade()
    if applied:
        noun = "migration" if len(applied) == 1 else "migrations"
        names = applied[0] if len(applied) == 1 else f"{applied[0]} … {applied[-1]}"
        print_status(f"Applied {len(applied)} {noun} ({names}).")
    elif schema.find_breaking_migration():
        raise CommandError(database_status_message(DatabaseStatus.INCOMPATIBLE))
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
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_command("table", "rows", "copied")
def copy(file: Path) -> dict[str, Any]:
    """Copy a SQLite FILE to the PostgreSQL at COUPON_DATABASE_URL.

    Stop all processes first. The rows of both databases are compared, so that the
    command ends with exit status 0 only if they are the same. If it is interrupted, run
    it again; it continues where it stopped.

    Example: `couponctl db copy var/coupons.db`
    """
    tables = []
    with progress_bar("Rows", total=None) as report_progress:
        for table in sqlite_copy.copy_from_sqlite(file):
            tables.append(table)
            report_progress(sum(each.rows for each in tables))
    master_keys.count_secrets_of_older_keys()
    row_count, copied_count = (
        sum(getattr(table, name) for table in tables) for name in ("rows", "copied")
    )
    print_status(
        f"Copied rows: {copied_count:,}; both databases have the same {row_count:,}."
    )
    return {"tables": [asdict(table) for table in tables]}


@db.command()
@json_command()
def reencrypt() -> dict[str, Any]:
    """Encrypt all secrets with the first of COUPON_MASTER_KEYS.

    All processes must have that key already. Afterwards the other keys are needed for
    older backups only. If the command is interrupted, run it again.

    Example: `couponctl db reencrypt`
    """
    with progress_bar("Values", total=None) as report_progress:
        count = master_keys.renew_encryption(report_progress)
    print_status(f"Values encrypted with the first master key: {count:,}.")
    return {"reencrypted": count}


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
