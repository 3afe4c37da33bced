"""Diagnostics of the database: reachability, schema, writability and product."""

import sqlite3
from enum import Enum

import psycopg
from peewee import PeeweeException
from playhouse.pool import MaxConnectionsExceeded

from coupon_core.domain.clock import utc_now
from coupon_core.persistence import running_processes, schema
from coupon_core.persistence.connection_pools import SESSION_SETTINGS
from coupon_core.persistence.database import (
    ConcurrentUpdate,
    execute,
    is_postgresql,
    transaction,
)

DATABASE_ERRORS = (
    PeeweeException,
    psycopg.Error,
    sqlite3.Error,
    MaxConnectionsExceeded,
    ConcurrentUpdate,
)
"""The errors that an unreachable, outdated or faulty database may raise."""


class DatabaseStatus(Enum):
    """The state of the database before any statement of a use case."""

    READY = "good"
    UNUSABLE = "not usable"
    WITHOUT_TABLES = "without tables"
    OUTDATED = "outdated"
    INCOMPATIBLE = "without what this release needs"


def check_status() -> tuple[DatabaseStatus, Exception | None]:
    """Return the state of the database, and the driver's error if it is not usable."""
    try:
        applied_flags = [applied for _, applied in schema.list_migrations()]
        breaking_migration = schema.find_breaking_migration()
    except DATABASE_ERRORS as error:
        return DatabaseStatus.UNUSABLE, error
    if breaking_migration:
        return DatabaseStatus.INCOMPATIBLE, None
    if all(applied_flags):
        return DatabaseStatus.READY, None
    return (
        DatabaseStatus.OUTDATED if any(applied_flags) else DatabaseStatus.WITHOUT_TABLES
    ), None


def describe_product() -> str:
    """Return the product and version of the database, for SQLite also its journal."""
    if is_postgresql():
        return f"PostgreSQL {_fetch_scalar('SHOW server_version')}"
    journal_mode = _fetch_scalar("PRAGMA journal_mode")
    return f"SQLite {sqlite3.sqlite_version}, journal {journal_mode}"


UPDATE_NO_TENANT = """
    UPDATE tenant SET created_at = created_at WHERE tenant_id = :tenant_id
"""


SELECT_SETTING = "SELECT setting FROM pg_settings WHERE lower(name) = :name"


def check_writable() -> None:
    """Check that this process can write to the database, without changing a row.

    Raises:
        One of `DATABASE_ERRORS`: the database cannot be written to.
    """
    with transaction():
        execute(UPDATE_NO_TENANT, {"tenant_id": ""})


def list_missing_session_settings() -> list[str]:
    """Return the session settings that did not arrive at PostgreSQL, as SQL."""
    return [
        f"SET {name} = {value}"
        for name, value in SESSION_SETTINGS.items()
        if is_postgresql()
        and execute(SELECT_SETTING, {"name": name}).fetchone() != (value,)
    ]


SELECT_ARCHIVE_FAILURE = """
    SELECT last_failed_wal,
        to_char(last_failed_time AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS')
    FROM pg_stat_archiver
    WHERE last_failed_time > COALESCE(last_archived_time, '-infinity')
"""


def find_archive_failure() -> str:
    """Return which file PostgreSQL could not archive last, or an empty string."""
    row = execute(SELECT_ARCHIVE_FAILURE, {}).fetchone()
    return f"{row[0]} at {row[1]} UTC" if row else ""


def is_archive_enabled() -> bool:
    """Return True if PostgreSQL archives what it writes."""
    return _fetch_scalar("SELECT current_setting('archive_mode')") != "off"


def measure_clock_skew() -> float:
    """Return by how many seconds the clock of the database is ahead of this host."""
    return (running_processes.read_clock() - utc_now()).total_seconds()


def _fetch_scalar(sql: str) -> str:
    return str(execute(sql, {}).fetchone()[0])
