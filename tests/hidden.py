"""What no log may hold, looked for in all that the suite's real processes have written.

Credentials are known by their looks, codes by the database that a process was on.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable
from contextlib import closing, suppress
from pathlib import Path

import psycopg

from coupon_core.observability.structured_logging import SECRET
from coupon_core.settings.loader import Settings

# Shorter ones are words of their own, such as SAVE.
WORDS = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{7,63}").findall
CODES = """SELECT DISTINCT code FROM (SELECT code FROM coupon LIMIT 20000) AS some
    UNION SELECT custom_code FROM definition"""


def loudest(settings: Settings) -> str:
    """The level at which a process tells all it can, unless the test has its own."""
    return "debug" if settings.log_level == "warning" else settings.log_level


def check_log(log: Path, settings: Settings) -> None:
    """Fail if a process on this database has written what must stay hidden."""
    said = log.read_text(errors="replace")
    check_said(said, settings)
    assert {word.upper() for word in WORDS(said)} & codes_of(settings) == set(), log


def check_said(said: str, settings: Settings | None = None) -> None:
    """Fail if it holds a credential."""
    assert SECRET.search(said.encode()) is None, said
    for key in settings.master_keys if settings else ():
        assert key not in said


def codes_of(settings: Settings) -> set[str]:
    """The codes there are, as far as the database can still be asked."""
    with suppress(psycopg.Error, sqlite3.Error):
        return {code.upper() for (code,) in _asked(settings.database_url)}
    return set()


def _asked(url: str) -> Iterable[tuple[str]]:
    if url.startswith("sqlite"):
        place = url.removeprefix("sqlite:///")
        with closing(sqlite3.connect(f"file:{place}?mode=ro", uri=True)) as file:
            return file.execute(CODES).fetchall()
    with psycopg.connect(url, connect_timeout=2) as connection:
        return connection.execute(CODES.encode()).fetchall()
