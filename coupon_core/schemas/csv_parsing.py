"""Split CSV lines into cells: delimiters, quotes, and records over several lines."""

import csv
import re
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress

from coupon_core.schemas.csv_decoding import MAX_LINE_BYTES, NumberedLine

DELIMITERS = (",", ";", "\t")
BOM = "\ufeff"
_drop_blanks_after_quotes = re.compile(r'(?<!")"[ \u00a0]+(?=[,;\t\n]|$)').sub
QUOTE_EXPECTED = "expected every quote to be closed before the end of the record"


class MalformedLine(Exception):
    """A line could not be parsed; the message says why."""


def decode_line(line: bytes, encoding_hint: str) -> str:
    """Return the text of a line.

    Raises:
        MalformedLine: The line is too long, not UTF-8, or has a NUL.
    """
    if len(line) > MAX_LINE_BYTES:
        raise MalformedLine(f"expected a line of at most {MAX_LINE_BYTES} bytes")
    try:
        text = line.decode()
    except UnicodeDecodeError as error:
        found = line[error.start]
        raise MalformedLine(
            f"expected UTF-8, found the byte 0x{found:02X}: save the file as UTF-8, or "
            f"{encoding_hint}"
        ) from None
    if "\x00" in text:
        raise MalformedLine(
            "expected no control characters, found NUL: save the file as UTF-8, or as "
            "UTF-16 with a byte order mark"
        )
    # Files that were joined have marks in the middle.
    return text.removeprefix(BOM)


def split_cells(text: str, delimiter: str) -> list[str]:
    """Return the cells of a record.

    Raises:
        MalformedLine: A quote is not closed, or text follows a closing quote.
    """
    if '"' not in text:
        return text.split(delimiter)
    try:
        return _split_quoted(text, delimiter)
    except MalformedLine:
        trimmed = _drop_blanks_after_quotes('"', text)
        if trimmed == text:
            raise
        return _split_quoted(trimmed, delimiter)


def _split_quoted(text: str, delimiter: str) -> list[str]:
    try:
        reader = csv.reader(
            [text], strict=True, delimiter=delimiter, skipinitialspace=True
        )
        return next(reader)
    except (csv.Error, StopIteration):
        raise MalformedLine(QUOTE_EXPECTED) from None


def is_blank(cells: Sequence[str]) -> bool:
    """Return True if no cell has a value."""
    return not any(map(str.strip, cells))


def split_by_each(
    text: str, delimiters: Sequence[str] = DELIMITERS
) -> list[tuple[str, list[str]]]:
    """Return the delimiters by which a record is valid CSV, with the cells of each.

    Raises:
        MalformedLine: The record is not valid by any of them.
    """
    splits: list[tuple[str, list[str]]] = []
    for delimiter in delimiters:
        with suppress(MalformedLine):
            splits.append((delimiter, split_cells(text, delimiter)))
    if not splits:
        raise MalformedLine(QUOTE_EXPECTED)
    return splits


def split_unknown(text: str) -> list[str]:
    """Return the cells of a record by the delimiter that gives the most cells.

    A file of one column does not show its delimiter, so that each of them counts.
    """
    if '"' not in text and not any(delimiter in text for delimiter in DELIMITERS):
        return [text]
    return max((cells for _, cells in split_by_each(text)), key=len)


class RecordReader:
    """Reads records, which are lines or, if quotes span lines, several of them."""

    def __init__(self, lines: Iterator[NumberedLine], encoding_hint: str) -> None:
        self.split: Callable[[str], list[str]] = split_unknown
        self._lines = lines
        self._encoding_hint = encoding_hint
        self._returned: deque[NumberedLine] = deque()

    def read_line(self) -> NumberedLine | None:
        """Return the next line, None at the end."""
        if self._returned:
            return self._returned.popleft()
        return next(self._lines, None)

    def return_line(self, line: NumberedLine) -> None:
        """Let a line be read again."""
        self._returned.appendleft(line)

    def parse(self, number: int, line: bytes) -> tuple[str, list[str]]:
        """Return the text and the cells of the record that starts with a line.

        A quote that is never closed makes one line invalid, not the rest of the file.

        Raises:
            MalformedLine: The record is not valid CSV.
        """
        text = decode_line(line, self._encoding_hint)
        try:
            return text, self.split(text)
        except MalformedLine:
            if not line.count(b'"') % 2:
                raise
        following = self._read_until_closed(len(line))
        try:
            whole = b"\n".join([line, *(more for _, more in following)])
            text = decode_line(whole, self._encoding_hint)
            return text, self.split(text)
        except MalformedLine:
            self._returned.extendleft(reversed(following))
            raise MalformedLine(QUOTE_EXPECTED) from None

    def _read_until_closed(self, length: int) -> list[NumberedLine]:
        """Return the lines up to the one with the other half of the open quote."""
        following: list[NumberedLine] = []
        while length <= MAX_LINE_BYTES and (more := self.read_line()):
            following.append(more)
            length += len(more[1]) + 1
            if more[1].count(b'"') % 2:
                break
        return following
