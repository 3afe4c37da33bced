"""How the database is: reachable, upgraded, writable, and of which make."""

import sqlite3
import time
from enum import Enum

import psycopg
from peewee import PeeweeException
from playhouse.pool import MaxConnectionsExceeded

from coupon_core.persistence import schema
from coupon_core.persistence.database import (
    ConcurrentUpdate,
    execute,
    is_postgresql,
    transaction,
)
from coupon_core.persistence.errors import SchemaOutdated

DATABASE_ERRORS = (
    PeeweeException,
    psycopg.Error,
    sqlite3.Error,
    MaxConnectionsExceeded,
    ConcurrentUpdate,
    SchemaOutdated,
)
"""Whatever a database that is not as it should be may raise."""


class DatabaseStatus(Enum):
    """What is to be said of a database before anything is asked of it."""

    READY = "good"
    UNREACHABLE = "unreachable"
    WITHOUT_TABLES = "without tables"
    OUTDATED = "outdated"


def check_status() -> tuple[DatabaseStatus, str]:
    """How the database is now, and the driver's words when it cannot be reached."""
    try:
        applied_flags = [applied for _, applied in schema.list_migrations()]
    except DATABASE_ERRORS as error:
        return DatabaseStatus.UNREACHABLE, " ".join(str(error).split())
    if all(applied_flags):
        return DatabaseStatus.READY, ""
    return (
        DatabaseStatus.OUTDATED if any(applied_flags) else DatabaseStatus.WITHOUT_TABLES
    ), ""


def describe_product() -> str:
    """Name and version of the database, and how SQLite keeps its journal."""
    if is_postgresql():
        return f"PostgreSQL {_fetch_scalar('SHOW server_version')}"
    journal_mode = _fetch_scalar("PRAGMA journal_mode")
    return f"SQLite {sqlite3.sqlite_version}, journal {journal_mode}"


def check_writable() -> None:
    """One of FAILURES unless this process may write; changes nothing."""
    with transaction():
        execute("UPDATE tenant SET created_at = created_at WHERE tenant_id = ''", {})


def measure_clock_skew() -> float:
    """Seconds by which the database's clock is ahead of ours."""
    if not is_postgresql():
        return 0.0  # it runs in this process
    return (
        float(_fetch_scalar("SELECT extract(epoch FROM clock_timestamp())"))
        - time.time()
    )


def _fetch_scalar(sql: str) -> str:
    return str(execute(sql, {}).fetchone()[0])
