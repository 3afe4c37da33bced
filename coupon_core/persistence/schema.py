"""The schema of the database: its migrations, and how they are applied."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

from playhouse.migrations import Migration, Runner

from coupon_core.persistence import running_processes
from coupon_core.persistence.database import is_postgresql
from coupon_core.persistence.deadline_connection import BUSY_TIMEOUT_SECONDS
from coupon_core.persistence.tables import database_proxy
from coupon_core.persistence.write_lock import write_lock

MIGRATIONS_DIR = Path(__file__).parent / "migrations"
MIGRATION_LOCK_ID = 0x636F75706F6E  # "coupon"
# A contracting migration removes what releases need that do not know migration MMMM.
# Its name says so, because only the name is known to a release that came before it.
CONTRACTING_NAME = re.compile(r"\d{4}_contract_after_(\d{4})_\w+")


class DirectConnectionRequired(Exception):
    """The schema cannot be changed through a pooler such as PgBouncer."""


class OldProcessesRunning(Exception):
    """A contracting migration would remove what running processes need."""

    def __init__(
        self, migration: str, processes: list[running_processes.RunningProcess]
    ) -> None:
        super().__init__(migration)
        self.migration = migration
        self.processes = processes


def upgrade() -> list[str]:
    """Apply the outstanding migrations and return their names.

    Concurrent calls, from any process, run one after the other.

    Raises:
        DirectConnectionRequired: A pooler passes the statements on.
        OldProcessesRunning: A contracting migration has to wait for them; those before
            it are applied.
    """
    with migration_lock():
        runner = _create_runner()
        applied = []
        steps = [step for step in runner.status() if step.path]
        for previous, step in pairwise(steps):
            if not step.applied and CONTRACTING_NAME.fullmatch(step.name):
                applied += runner.up(previous.name)
                _require_no_old_process(step.name)
        return [*applied, *runner.up()]


def _require_no_old_process(migration: str) -> None:
    old_processes = [
        process
        for process in running_processes.list_running(running_processes.read_clock())
        if _removes_needs_of(migration, process.migration)
    ]
    if old_processes:
        raise OldProcessesRunning(migration, old_processes)


def _removes_needs_of(migration: str, newest_known: str) -> bool:
    """Return True if a migration breaks a release, given the newest one it knows."""
    match = CONTRACTING_NAME.fullmatch(migration)
    return match is not None and newest_known[:4] < match[1]


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


def list_applied_migrations() -> list[str]:
    """Return the migrations that have been applied, the newest one last."""
    return [step.name for step in _read_steps() if step.applied]


def list_newer_migrations() -> list[str]:
    """Return the applied migrations of another, newer release."""
    return [step.name for step in _read_steps() if not step.path]


def find_breaking_migration() -> str | None:
    """Return an applied migration that has removed what this release needs."""
    newest_known = get_newest_known_migration()
    return next(
        (
            name
            for name in list_newer_migrations()
            if _removes_needs_of(name, newest_known)
        ),
        None,
    )


def get_newest_known_migration() -> str:
    """Return the newest migration of this release; does not read the database."""
    return str(Migration.load_directory(str(MIGRATIONS_DIR))[-1].name)


def _read_steps() -> list[Migration]:
    return list(_create_runner().status())


def _create_runner() -> Runner:
    return Runner(database_proxy.obj, str(MIGRATIONS_DIR))


def is_up_to_date() -> bool:
    """Return True if every migration has been applied; reads the database."""
    return all(applied for _, applied in list_migrations())
