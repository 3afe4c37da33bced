"""Check that the logs of all real processes in the suite contain no secrets.

Credentials are recognized by their form, codes by the database of the process.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable
from contextlib import closing, suppress
from pathlib import Path

import psycopg

from coupon_core.observability.structured_logging import SECRET_PATTERN
from coupon_core.settings.loader import Settings

# Shorter codes, such as SAVE, are ordinary words.
find_words = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{7,63}").findall
CODES_SQL = """SELECT DISTINCT code FROM (SELECT code FROM coupon LIMIT 20000) AS some
    UNION SELECT custom_code FROM definition"""


def get_verbose_level(settings: Settings) -> str:
    """Return the most verbose log level, unless the test sets its own."""
    return "debug" if settings.log_level == "warning" else settings.log_level


def check_log(log: Path, settings: Settings) -> None:
    """Fail if a process on this database has logged a secret or a code."""
    text = log.read_text(errors="replace")
    check_output(text, settings)
    assert {word.upper() for word in find_words(text)} & list_codes(
        settings
    ) == set(), log


def check_output(text: str, settings: Settings | None = None) -> None:
    """Fail if the text contains a credential."""
    assert SECRET_PATTERN.search(text.encode()) is None, text
    for key in settings.master_keys if settings else ():
        assert key not in text


def list_codes(settings: Settings) -> set[str]:
    """Return the codes of the database, or none if it is gone."""
    with suppress(psycopg.Error, sqlite3.Error):
        return {code.upper() for (code,) in _query_codes(settings.database_url)}
    return set()


def _query_codes(url: str) -> Iterable[tuple[str]]:
    if url.startswith("sqlite"):
        path = url.removeprefix("sqlite:///")
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as file:
            return file.execute(CODES_SQL).fetchall()
    with psycopg.connect(url, connect_timeout=2) as connection:
        return connection.execute(CODES_SQL.encode()).fetchall()
