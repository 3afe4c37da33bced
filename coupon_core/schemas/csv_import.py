"""Codes in a CSV file: read line by line, every bad line told with its reason.

The first line names the columns: `code`, and `user_id` and `expires_at` if wanted. What
an export has besides is passed over, so that an export can be imported.
"""

import csv
from collections.abc import Iterable, Iterator
from datetime import datetime

from coupon_core.domain import codes
from coupon_core.domain.csv_columns import COLUMNS
from coupon_core.domain.csv_escaping import unescaped
from coupon_core.domain.identifiers import is_user_id
from coupon_core.domain.models.inventory import BadRow, ImportRow
from coupon_core.schemas.errors import (
    Detail,
    Problem,
    invalid,
    shown,
)
from coupon_core.schemas.timestamps import EXPECTED_TIME, parse_utc

LONGEST_LINE = 4_096  # bytes, which no row of an export reaches
CODE_SAID = (
    "code: expected 1 to 64 letters, digits, _ or -, the first a letter or digit"
)
HEAD_SAID = (
    "the first line must name the columns: code, and if wanted user_id, expires_at; "
    "others only as an export has them"
)
BOM = "\ufeff"


class BadLine(Exception):
    """A line that cannot be read; the text says why."""


def read_rows(pieces: Iterable[bytes]) -> Iterator[ImportRow | BadRow]:
    """The rows of a file that comes in pieces. Problem when it has no good first line.

    Blank lines are passed over, but counted.
    """
    lines = _lines(pieces)
    columns = _columns(lines)
    for number, line in lines:
        try:
            cells = _cells(line)
            if cells:
                yield _row(number, cells, columns)
        except BadLine as error:
            yield BadRow(number, str(error))


def _lines(pieces: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    """The lines with their numbers; of one that is too long, only its beginning."""
    number, rest, cut = 1, b"", LONGEST_LINE + 1
    for piece in pieces:
        *whole, rest = (rest + piece).split(b"\n")
        for line in whole:
            yield number, line[:cut]
            number += 1
        rest = rest[:cut]
    if rest:
        yield number, rest


def _columns(lines: Iterator[tuple[int, bytes]]) -> list[str]:
    for number, line in lines:
        try:
            names = [cell.strip() for cell in _cells(line)]
        except BadLine as error:
            raise _bad_head(number, str(error)) from None
        if names:
            _check_columns(number, names)
            return names
    raise _bad_head(1, f"the file is empty: {HEAD_SAID}")


def _check_columns(number: int, names: list[str]) -> None:
    unknown = [name for name in names if name not in COLUMNS]
    if unknown:
        raise _bad_head(number, f"unknown column {shown(unknown[0])!r}: {HEAD_SAID}")
    if "code" not in names or len(set(names)) < len(names):
        raise _bad_head(number, HEAD_SAID)


def _bad_head(number: int, why: str) -> Problem:
    return invalid([Detail(why, f"line {number}", "body")])


def _cells(line: bytes) -> list[str]:
    """The cells of a line; none of a blank one. BadLine."""
    if len(line) > LONGEST_LINE:
        raise BadLine(f"expected a line of at most {LONGEST_LINE} bytes")
    try:
        text = line.decode().removeprefix(BOM).removesuffix("\r")
    except UnicodeDecodeError:
        raise BadLine("expected UTF-8") from None
    if "\x00" in text or "\r" in text:
        raise BadLine("expected no control characters")
    if '"' not in text:
        return text.split(",") if text.strip(" \t") else []
    return _quoted(text)


def _quoted(text: str) -> list[str]:
    try:
        return next(csv.reader([text], strict=True))
    except csv.Error:
        raise BadLine("expected every quote to be closed, on the same line") from None


def _row(number: int, cells: list[str], columns: list[str]) -> ImportRow:
    if len(cells) != len(columns):
        raise BadLine(f"expected {len(columns)} columns, found {len(cells)}")
    named = dict(zip(columns, cells, strict=True))
    code = codes.normalize(named["code"])
    if code is None:
        raise BadLine(CODE_SAID)
    user_id = unescaped(named.get("user_id", ""))
    if user_id and not is_user_id(user_id):
        raise BadLine("user_id: expected 1 to 128 characters that a path can carry")
    return ImportRow(number, code, user_id, _time(named.get("expires_at", "")))


def _time(text: str) -> datetime | None:
    if not text.strip():
        return None
    try:
        return parse_utc(text.strip())
    except ValueError:
        raise BadLine(f"expires_at: expected {EXPECTED_TIME}") from None
