"""Read codes from a CSV file line by line, with a reason for every invalid line.

The first line names the columns: `code`, and optionally `user_id` and `expires_at`.
The other columns of an export are ignored, so that an export can be imported.
"""

import csv
from collections.abc import Iterable, Iterator
from datetime import datetime

from coupon_core.domain import codes
from coupon_core.domain.csv_columns import EXPORT_COLUMNS
from coupon_core.domain.csv_escaping import unescape_formula
from coupon_core.domain.identifiers import is_user_id
from coupon_core.domain.models.inventory import ImportRow, RejectedRow
from coupon_core.schemas.errors import (
    ApiError,
    ErrorDetail,
    truncate_for_display,
    validation_error,
)
from coupon_core.schemas.identifiers import USER_ID_EXPECTED
from coupon_core.schemas.timestamps import parse_utc

MAX_LINE_BYTES = 4_096  # longer than any row of an export
CODE_EXPECTED = (
    "code: expected 1 to 64 letters, digits, _ or -, starting with a letter or digit"
)
HEADER_EXPECTED = (
    "the first line must name the columns: code, optionally user_id and expires_at; "
    "no others except those of an export"
)
BOM = "\ufeff"


class MalformedLine(Exception):
    """A line could not be parsed; the message says why."""


def read_rows(pieces: Iterable[bytes]) -> Iterator[ImportRow | RejectedRow]:
    """Yield the rows of a file that arrives in pieces.

    Blank lines are skipped, but they count towards the line numbers.

    Raises:
        ApiError: The first line is missing or does not name the columns.
    """
    lines = _split_lines(pieces)
    columns = _read_columns(lines)
    for number, line in lines:
        try:
            cells = _parse_cells(line)
            if cells:
                yield _parse_row(number, cells, columns=columns)
        except MalformedLine as error:
            yield RejectedRow(number, str(error))


def _split_lines(pieces: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    """Yield the lines with their numbers; a line that is too long is truncated.

    Truncation bounds the memory that one line can take.
    """
    number, max_kept_bytes = 1, MAX_LINE_BYTES + 1
    incomplete_line = b""
    for piece in pieces:
        *complete_lines, incomplete_line = (incomplete_line + piece).split(b"\n")
        for line in complete_lines:
            yield number, line[:max_kept_bytes]
            number += 1
        incomplete_line = incomplete_line[:max_kept_bytes]
    if incomplete_line:
        yield number, incomplete_line


def _read_columns(lines: Iterator[tuple[int, bytes]]) -> list[str]:
    for number, line in lines:
        try:
            names = [cell.strip() for cell in _parse_cells(line)]
        except MalformedLine as error:
            raise _header_error(number, str(error)) from None
        if names:
            _check_columns(number, names)
            return names
    raise _header_error(1, f"the file is empty: {HEADER_EXPECTED}")


def _check_columns(number: int, names: list[str]) -> None:
    unknown_names = [name for name in names if name not in EXPORT_COLUMNS]
    if unknown_names:
        shown = truncate_for_display(unknown_names[0])
        raise _header_error(number, f"unknown column {shown!r}: {HEADER_EXPECTED}")
    if "code" not in names or len(set(names)) < len(names):
        raise _header_error(number, HEADER_EXPECTED)


def _header_error(number: int, reason: str) -> ApiError:
    return validation_error([ErrorDetail(reason, f"line {number}", target="body")])


def _parse_cells(line: bytes) -> list[str]:
    """Return the cells of a line; a blank line has none.

    Raises:
        MalformedLine: The line is too long, not UTF-8 or not valid CSV.
    """
    if len(line) > MAX_LINE_BYTES:
        raise MalformedLine(f"expected a line of at most {MAX_LINE_BYTES} bytes")
    try:
        text = line.decode().removeprefix(BOM).removesuffix("\r")
    except UnicodeDecodeError:
        raise MalformedLine("expected UTF-8") from None
    if "\x00" in text or "\r" in text:
        raise MalformedLine("expected no control characters")
    if '"' not in text:
        return text.split(",") if text.strip(" \t") else []
    return _parse_quoted_cells(text)


def _parse_quoted_cells(text: str) -> list[str]:
    try:
        return next(csv.reader([text], strict=True))
    except csv.Error:
        raise MalformedLine(
            "expected every quote to be closed on the same line"
        ) from None


def _parse_row(number: int, cells: list[str], columns: list[str]) -> ImportRow:
    if len(cells) != len(columns):
        raise MalformedLine(f"expected {len(columns)} columns, found {len(cells)}")
    cells_by_column = dict(zip(columns, cells, strict=True))
    code = codes.normalize_code(cells_by_column["code"])
    if code is None:
        raise MalformedLine(CODE_EXPECTED)
    user_id = unescape_formula(cells_by_column.get("user_id", ""))
    if user_id and not is_user_id(user_id):
        raise MalformedLine(f"user_id: expected {USER_ID_EXPECTED}")
    return ImportRow(
        number,
        code,
        user_id=user_id,
        expires_at=_parse_time(cells_by_column.get("expires_at", "")),
    )


def _parse_time(text: str) -> datetime | None:
    if not text.strip():
        return None
    try:
        return parse_utc(text.strip())
    except ValueError as error:
        raise MalformedLine(f"expires_at: {error}") from None
