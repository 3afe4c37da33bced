"""The schema of the database: its migrations, and how they are applied."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playhouse.migrations import Migration, Runner

from coupon_core.persistence.database import is_postgresql
from coupon_core.persistence.deadline_connection import BUSY_TIMEOUT_SECONDS
from coupon_core.persistence.tables import database_proxy
from coupon_core.persistence.write_lock import write_lock

MIGRATIONS_DIR = Path(__file__).parent / "migrations"
MIGRATION_LOCK_ID = 0x636F75706F6E  # "coupon"


class DirectConnectionRequired(Exception):
    """The schema cannot be changed through a pooler such as PgBouncer."""


def upgrade() -> list[str]:
    """Apply the outstanding migrations and return their names.

    Concurrent calls, from any process, run one after the other.

    Raises:
        DirectConnectionRequired: A pooler passes the statements on.
    """
    with migration_lock():
        return list(Runner(database_proxy.obj, str(MIGRATIONS_DIR)).up())


@contextmanager
def migration_lock() -> Iterator[None]:
    """Let no other process change the schema; statements may take any time.

    Raises:
        DirectConnectionRequired: A pooler passes the statements on. Other processes
            would use the session afterwards, with its lock and without a deadline.
    """
    if not is_postgresql():
        with write_lock(Path(database_proxy.database), BUSY_TIMEOUT_SECONDS):
            yield
        return
    if database_proxy.connection().has_pooler():
        raise DirectConnectionRequired
    database_proxy.connection().response_timeout = None
    database_proxy.execute_sql("SET statement_timeout = 0")
    database_proxy.execute_sql("SELECT pg_advisory_lock(%s)", (MIGRATION_LOCK_ID,))
    try:
        yield
    finally:
        # Closing the session releases the advisory lock and resets the timeout.
        database_proxy.manual_close()


def list_migrations() -> list[tuple[str, bool]]:
    """Return each migration of this release, and whether it has been applied."""
    return [(step.name, bool(step.applied)) for step in _read_steps() if step.path]


def list_newer_migrations() -> list[str]:
    """Return the applied migrations of another, newer release."""
    return [step.name for step in _read_steps() if not step.path]


def _read_steps() -> list[Migration]:
    return list(Runner(database_proxy.obj, str(MIGRATIONS_DIR)).status())


def is_up_to_date() -> bool:
    """Return True if every migration has been applied; reads the database."""
    return all(applied for _, applied in list_migrations())
