"""The schema of the database: the steps that it has taken, and taking the others."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playhouse.migrations import Runner

from coupon_core.persistence.connection_pools import BUSY_SECONDS
from coupon_core.persistence.database import is_postgresql
from coupon_core.persistence.tables import database
from coupon_core.persistence.write_lock import turn

MIGRATIONS = Path(__file__).parent / "migrations"
MIGRATION_LOCK = 0x636F75706F6E  # "coupon"


def upgrade() -> list[str]:
    """Bring the schema up to date; gives the names of the steps taken.

    Two runners at once take turns.
    """
    with _upgrading_turn():
        return list(Runner(database.obj, str(MIGRATIONS)).up())


@contextmanager
def _upgrading_turn() -> Iterator[None]:
    if not is_postgresql():
        with turn(Path(database.database), BUSY_SECONDS):
            yield
        return
    database.connection().patience = None
    database.execute_sql("SET statement_timeout = 0")
    database.execute_sql("SELECT pg_advisory_lock(%s)", (MIGRATION_LOCK,))
    try:
        yield
    finally:
        # Ends the session and with it the lock and the setting.
        database.manual_close()


def steps() -> list[tuple[str, bool]]:
    """Every schema step by name, and whether it has been taken."""
    runner = Runner(database.obj, str(MIGRATIONS))
    return [(step.name, bool(step.applied)) for step in runner.status()]


def is_up_to_date() -> bool:
    """True when no schema step is left to take; touches the database."""
    return all(applied for _, applied in steps())
