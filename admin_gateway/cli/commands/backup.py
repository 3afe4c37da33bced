"""`couponctl backup`: copy a SQLite database with its master key, and restore it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import rich_click as click

from admin_gateway.cli.core import SQLITE_PREFIX
from admin_gateway.cli.errors import CommandError
from admin_gateway.cli.output import json_command, print_status
from coupon_core.domain.models import utc_now
from coupon_core.persistence import database
from coupon_core.services import backups
from coupon_core.settings import loader

POSTGRESQL_MESSAGE = (
    "COUPON_DATABASE_URL is PostgreSQL, which has tools of its own for backups: "
    "docs/operations/backup.md describes base backups and recovery to a point in time."
)
WITHOUT_KEY_NOTICE = (
    "The backup does not contain the master key. It is worthless without that key, so "
    "keep a copy of it elsewhere."
)
WITH_KEY_NOTICE = (
    "The backup contains the master key, and so all secrets. Store it where only "
    "operators can read it."
)


@contextmanager
def _explained_errors() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise CommandError(
            f"{error.filename or 'The directory'} cannot be used: {error.strerror}. "
            "Choose another directory, or run this as its owner."
        ) from error


directory_argument = click.argument("directory", type=click.Path(path_type=Path))


@click.group()
def backup() -> None:
    """Backups of SQLite: create, restore."""


@backup.command()
@directory_argument
@click.option(
    "--without-key",
    is_flag=True,
    help="Leave out the master key, if you store it elsewhere.",
)
@json_command()
def create(directory: Path, without_key: bool) -> dict[str, Any]:
    """Copy the database and the master key to a new DIRECTORY, while all runs.

    The copy shows one moment, and writers do not wait for it. A backup that would be
    worthless is refused: of a damaged database, or without the key of its secrets. If
    the command is killed, delete the directory DIRECTORY.unfinished-… that it leaves.

    Example: `couponctl backup create /backup/monday`
    """
    if database.is_postgresql():
        raise CommandError(POSTGRESQL_MESSAGE)
    keys = loader.load(creates_secrets=False).master_keys
    with _explained_errors():
        manifest = backups.create_backup(
            directory, utc_now(), () if without_key else keys
        )
    print_status(WITHOUT_KEY_NOTICE if without_key else WITH_KEY_NOTICE)
    return {"directory": str(directory), **manifest, "has_key": not without_key}


@backup.command()
@directory_argument
@json_command(starts_core=False)
def restore(directory: Path) -> dict[str, Any]:
    """Copy a backup from DIRECTORY to COUPON_DATABASE_URL, where no database is yet.

    Stop all processes first: the command is refused while a gateway or worker uses the
    database that was there. The master key of the backup is stored as well, unless one
    is configured. A key that does not decrypt the secrets is refused. If the command is
    killed, delete the directory coupons.db.unfinished-… that it leaves.

    Example: `COUPON_DATA_DIR=/srv/coupons couponctl backup restore /backup/monday`
    """
    settings = loader.load(creates_secrets=False)
    if not settings.database_url.startswith(SQLITE_PREFIX):
        raise CommandError(POSTGRESQL_MESSAGE)
    target = Path(settings.database_url.removeprefix(SQLITE_PREFIX))
    with _explained_errors():
        manifest = backups.restore_backup(
            directory,
            target,
            settings.master_keys,
            key_path=settings.data_dir / loader.MASTER_KEY_FILE,
        )
    print_status("Restored. Run `couponctl db upgrade`, then start all processes.")
    return {"database": str(target), **manifest}
