"""Copies a SQLite database while other processes write to it."""

import sqlite3
from contextlib import closing
from pathlib import Path

from coupon_core.persistence.tables import database_proxy


class DamagedDatabase(Exception):
    """The pages of a database file contradict one another; the message says how."""


def copy_database(target: Path) -> None:
    """Copy the database of this process, as of one moment, to a new file.

    Writers do not wait for it. The copy is one file that needs no others beside it.

    Raises:
        DamagedDatabase: The copy, and so the database itself, is damaged.
    """
    with closing(sqlite3.connect(target)) as connection:
        database_proxy.connection().backup(connection)
        connection.execute("PRAGMA journal_mode = delete")
        (result,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if result != "ok":
        raise DamagedDatabase(" ".join(result.split()))
