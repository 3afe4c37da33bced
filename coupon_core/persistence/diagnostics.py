"""How the database is: reachable, upgraded, writable, and of which make."""

import sqlite3
import time
from enum import Enum

import psycopg
from peewee import PeeweeException
from playhouse.pool import MaxConnectionsExceeded

from coupon_core.persistence import schema
from coupon_core.persistence.database import (
    Busy,
    execute,
    is_postgresql,
    transaction,
)

FAILURES = (PeeweeException, psycopg.Error, sqlite3.Error, MaxConnectionsExceeded, Busy)
"""Whatever a database that is not as it should be may raise."""


class Condition(Enum):
    """What is to be said of a database before anything is asked of it."""

    GOOD = "good"
    UNREACHABLE = "unreachable"
    WITHOUT_TABLES = "without tables"
    OUTDATED = "outdated"


def condition() -> tuple[Condition, str]:
    """How the database is now, and the driver's words when it cannot be reached."""
    try:
        taken = [applied for _, applied in schema.steps()]
    except FAILURES as error:
        return Condition.UNREACHABLE, " ".join(str(error).split())
    if all(taken):
        return Condition.GOOD, ""
    return (Condition.OUTDATED if any(taken) else Condition.WITHOUT_TABLES), ""


def product() -> str:
    """Name and version of the database, and how SQLite keeps its journal."""
    if is_postgresql():
        return f"PostgreSQL {_value('SHOW server_version')}"
    return f"SQLite {sqlite3.sqlite_version}, journal {_value('PRAGMA journal_mode')}"


def check_writable() -> None:
    """One of FAILURES unless this process may write; changes nothing."""
    with transaction():
        execute("UPDATE tenant SET created_at = created_at WHERE tenant_id = ''", {})


def clock_lead() -> float:
    """Seconds by which the database's clock is ahead of ours."""
    if not is_postgresql():
        return 0.0  # it runs in this process
    return float(_value("SELECT extract(epoch FROM clock_timestamp())")) - time.time()


def _value(sql: str) -> str:
    return str(execute(sql, {}).fetchone()[0])
