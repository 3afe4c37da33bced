"""Copies a SQLite database to an empty PostgreSQL, and compares every row.

The rows of a table are copied in the order of their keys, in transactions of their own.
An interrupted copy is continued after the rows that the target already has.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from psycopg import Copy, DataError

from coupon_core.domain.clock import utc_now
from coupon_core.domain.timestamps import format_timestamp_milliseconds
from coupon_core.persistence import running_processes, schema
from coupon_core.persistence.database import execute, is_postgresql, transaction
from coupon_core.persistence.deadline_connection import BUSY_TIMEOUT_SECONDS
from coupon_core.persistence.tables import (
    ALL_TABLES,
    UtcTimestampField,
    database_proxy,
    to_datetime,
)

ROWS_PER_TRANSACTION = 50_000


class CopyRefused(Exception):
    """A database cannot be copied; the message says why."""


@dataclass(frozen=True, slots=True)
class CopiedTable:
    """A table whose rows are the same in both databases."""

    table: str
    rows: int
    copied: int


def copy_from_sqlite(path: Path) -> Iterator[CopiedTable]:
    """Copy all rows of a file to the database of this process; yield each table.

    Nobody can write to the file meanwhile.

    Raises:
        CopyRefused: A database is in use, of another program or release, or has other
            rows.
        DirectConnectionRequired: A pooler passes the statements on.
    """
    if not is_postgresql():
        raise CopyRefused(
            "COUPON_DATABASE_URL is SQLite: set it to the PostgreSQL to copy to."
        )
    with _locked_source(path) as source, schema.migration_lock():
        _require_same_release(source)
        _require_unused(source)
        for table in ALL_TABLES:
            yield _copy_table(source, table)
        execute("ANALYZE", {})


@contextmanager
def _locked_source(path: Path) -> Iterator[sqlite3.Connection]:
    uri = f"{path.absolute().as_uri()}?mode=rw"
    connection = sqlite3.connect(uri, uri=True, timeout=BUSY_TIMEOUT_SECONDS)
    with closing(connection):
        connection.isolation_level = None
        try:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("SELECT name FROM schema_migration")
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorcode not in (
                sqlite3.SQLITE_NOTADB,
                sqlite3.SQLITE_ERROR,  # the table is missing
            ):
                raise
            raise CopyRefused(
                f"{path} is not a database of this program: {error}. Expected the file "
                "coupons.db of a data directory or of a backup."
            ) from error
        yield connection


def _require_same_release(source: sqlite3.Connection) -> None:
    names = [row[0] for row in source.execute("SELECT name FROM schema_migration")]
    applied = schema.list_applied_migrations()
    if sorted(names) != applied or not schema.is_up_to_date():
        raise CopyRefused(
            "The databases have different tables. Run `couponctl db upgrade` of this "
            "release for both first."
        )


def _require_unused(source: sqlite3.Connection) -> None:
    running_since = utc_now() - running_processes.MAX_SILENCE
    rows = source.execute(
        "SELECT process_id, program, host, pid, migration FROM running_process "
        "WHERE seen_at >= ? ORDER BY program, process_id",
        (format_timestamp_milliseconds(running_since),),
    )
    processes = [running_processes.RunningProcess(*row) for row in rows]
    processes += running_processes.list_running(running_processes.read_clock())
    if processes:
        raise CopyRefused(
            f"Processes use one of the databases: {', '.join(map(str, processes))}. "
            "Stop all of them; one that was killed counts as running for "
            f"{running_processes.MAX_SILENCE.seconds} seconds."
        )


def _copy_table(source: sqlite3.Connection, table: Any) -> CopiedTable:
    name = table._meta.table_name
    (total,) = source.execute(f"SELECT count(*) FROM {name}").fetchone()
    ((done,),) = execute(f"SELECT count(*) FROM {name}", {}).fetchall()
    if done:
        _require_same_rows(source, table, done)
    columns = ", ".join(_list_columns(table))
    rows = _read_rows(source, table, f"LIMIT -1 OFFSET {done}")
    while chunk := list(islice(rows, ROWS_PER_TRANSACTION)):
        try:
            with transaction():
                _write_rows(f"COPY {name} ({columns}) FROM STDIN", chunk)
        except DataError as error:
            raise CopyRefused(
                f"PostgreSQL does not accept a value of the table {name}: "
                f"{' '.join(str(error).split())}. Change the value in the file, and "
                "run the command again."
            ) from error
    if total > done:
        _require_same_rows(source, table, total)
    return CopiedTable(name, total, total - done)


def _write_rows(statement: str, rows: Iterable[tuple[Any, ...]]) -> None:
    copy: Copy
    with database_proxy.cursor().copy(statement) as copy:
        for row in rows:
            copy.write_row(row)


def _require_same_rows(source: sqlite3.Connection, table: Any, count: int) -> None:
    """Compare the first rows of the source with all rows of the target."""
    name, columns = table._meta.table_name, ", ".join(_list_columns(table))
    # A cursor with a name does not receive all rows at once.
    connection = database_proxy.connection()
    with transaction(), connection.cursor(name="compared") as cursor:
        cursor.execute(f"SELECT {columns} FROM {name}")
        found = _summarize(table, cursor)
    if found != _summarize(table, _read_rows(source, table, f"LIMIT {count}")):
        raise CopyRefused(
            f"The table {name} of PostgreSQL has other rows than the file. Copy to an "
            "empty database, on which only `couponctl db upgrade` has run."
        )


def _summarize(table: Any, rows: Iterable[tuple[Any, ...]]) -> tuple[int, int]:
    """Return the number of rows, and a checksum that does not depend on their order."""
    timestamps = [
        index
        for index, field in enumerate(table._meta.sorted_fields)
        if isinstance(field, UtcTimestampField)
    ]
    count = checksum = 0
    for row in rows:
        values = [bytes(v) if isinstance(v, memoryview) else v for v in row]
        for index in timestamps:
            values[index] = values[index] and to_datetime(values[index])
        count += 1
        checksum = (checksum + hash(tuple(values))) % 2**64
    return count, checksum


def _read_rows(
    source: sqlite3.Connection, table: Any, limit: str
) -> Iterator[tuple[Any, ...]]:
    key = ", ".join(field.column_name for field in table._meta.get_primary_keys())
    columns, name = ", ".join(_list_columns(table)), table._meta.table_name
    return source.execute(f"SELECT {columns} FROM {name} ORDER BY {key} {limit}")


def _list_columns(table: Any) -> list[str]:
    return [f'"{field.column_name}"' for field in table._meta.sorted_fields]
