"""The heading line of a CSV file: its delimiter and its columns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NoReturn

from coupon_core.domain.csv_escaping import unescape_formula
from coupon_core.schemas.csv_options import (
    CsvColumns,
    CsvOptions,
    InvalidCsv,
    line_error,
    to_column_name,
)
from coupon_core.schemas.csv_parsing import (
    BOM,
    DELIMITERS,
    MalformedLine,
    RecordReader,
    is_blank,
    split_by_each,
    split_cells,
)
from coupon_core.schemas.errors import truncate_for_display

HEADING_AGAIN = "found the heading line again: remove it where files were joined"
SEPARATOR_PREFIX = "sep="  # Excel's way to name the delimiter, on a line of its own


@dataclass(frozen=True, slots=True)
class CsvHeader:
    """Where the columns of a file are; a column without a heading must be empty."""

    text: str | None  # of the heading line; None if there is none
    width: int
    read_indexes: tuple[tuple[str, int], ...]
    unnamed_indexes: tuple[int, ...]

    def to_values(self, text: str, cells: Sequence[str]) -> Mapping[str, str] | None:
        """Return the values of a row by column; None if the row is empty.

        Raises:
            MalformedLine: The row has too few cells, has a value without a heading, or
                is the heading line again.
        """
        if text == self.text:
            raise MalformedLine(HEADING_AGAIN)
        if len(cells) != self.width or self.unnamed_indexes:
            if is_blank(cells):
                return None
            self._check_cells(text, cells)
        values = {}
        for name, index in self.read_indexes:
            value = cells[index].strip()
            # Called for guarded cells only, as a file may have millions.
            values[name] = unescape_formula(value) if value[:1] == "'" else value
        return None if not any(values.values()) and is_blank(cells) else values

    def _check_cells(self, text: str, cells: Sequence[str]) -> None:
        filled_width = len(cells)
        while filled_width > self.width and not cells[filled_width - 1].strip():
            filled_width -= 1
        if filled_width != self.width:
            raise MalformedLine(self._width_message(text, filled_width))
        for index in self.unnamed_indexes:
            if value := cells[index].strip():
                raise MalformedLine(
                    f"expected nothing in column {index + 1}, which has no heading, "
                    f"found {truncate_for_display(value)!r}"
                )

    def _width_message(self, text: str, found_width: int) -> str:
        shown = truncate_for_display(text)
        if self.width > 1:
            return f"expected {self.width} columns, found {found_width}: {shown!r}"
        return (
            f"expected one column, {self.read_indexes[0][0]}, found {found_width}: "
            f"{shown!r}; put a value that contains a delimiter in quotes"
        )


def read_header(
    records: RecordReader, columns: CsvColumns, options: CsvOptions
) -> CsvHeader:
    """Read the header, and make `records` split the rows as the header is split.

    Raises:
        InvalidCsv: There is no header, or it does not name the columns.
    """
    delimiter, text = _read_separator_line(records), None
    if options.has_header:
        heading_line = _HeadingLine(columns, options)
        text, names, delimiter = heading_line.read(records, delimiter)
    else:
        _refuse_heading(records, columns)
        names = [columns.required]
    if delimiter:
        records.split = partial(split_cells, delimiter=delimiter)
    return CsvHeader(
        text,
        len(names),
        tuple((name, names.index(name)) for name in columns.read if name in names),
        tuple(index for index, name in enumerate(names) if not name),
    )


def _read_separator_line(records: RecordReader) -> str | None:
    """Return the delimiter that a `sep=` line names; None if there is no such line."""
    line = records.read_line()
    while line is not None and not line[1]:
        line = records.read_line()
    if line is None:
        return None
    content = line[1].removeprefix(b"\xef\xbb\xbf").strip(b' "')
    if content[: len(SEPARATOR_PREFIX)].lower() != SEPARATOR_PREFIX.encode():
        records.return_line(line)
        return None
    delimiter = content[len(SEPARATOR_PREFIX) :].decode(errors="replace")
    if delimiter not in DELIMITERS:
        shown = truncate_for_display(delimiter)
        raise InvalidCsv(
            [line_error(line[0], f"sep={shown}: expected a comma, semicolon or tab")]
        )
    return delimiter


def _refuse_heading(records: RecordReader, columns: CsvColumns) -> None:
    """Refuse a heading in a file that has none according to its sender.

    It would be read as a value, for example as a user called `user_id`.
    """
    line = records.read_line()
    if line is None:
        return
    records.return_line(line)
    heading = line[1].decode(errors="replace").removeprefix(BOM)
    if to_column_name(heading.strip(' ",;\t')) == columns.required:
        reason = (
            f"found the heading {columns.required}, although the file was declared "
            "to have none: declare that it has headings, or remove the line"
        )
        raise InvalidCsv([line_error(line[0], reason)])


@dataclass(frozen=True, slots=True)
class _HeadingLine:
    """Reads the headings of a kind of file, and says what is wrong with them."""

    columns: CsvColumns
    options: CsvOptions

    def read(
        self, records: RecordReader, delimiter: str | None
    ) -> tuple[str, list[str], str | None]:
        """Return the line, its column names and the delimiter, None if unknown."""
        while line := records.read_line():
            number = line[0]
            try:
                text, cells = records.parse(*line)
                headings, found_delimiter = self._split(text, delimiter)
            except MalformedLine as error:
                raise InvalidCsv([line_error(number, str(error))]) from None
            if is_blank(cells):
                continue
            problem = self._find_problem(headings)
            if problem:
                shown = truncate_for_display(text)
                self._refuse(number, f"{problem} in the heading line {shown!r}")
            names = [to_column_name(heading) for heading in headings]
            return text, names, found_delimiter
        self._refuse(1, "the file is empty")

    def _split(self, text: str, delimiter: str | None) -> tuple[list[str], str | None]:
        """Return the headings by the delimiter that gives the most known names."""
        candidates = []
        for candidate, cells in split_by_each(text, delimiter or DELIMITERS):
            headings = [cell.strip() for cell in cells]
            # Even a delimiter after the last heading shows which one it is.
            is_used = len(headings) > 1 or candidate == delimiter
            while len(headings) > 1 and not headings[-1]:
                headings.pop()
            known_count = sum(map(self._is_known, map(to_column_name, headings)))
            score = known_count, len(headings), is_used
            candidates.append((score, headings, candidate if is_used else None))
        best = max(candidates, key=lambda found: found[0])
        return best[1], best[2]

    def _is_known(self, name: str) -> bool:
        columns = self.columns
        return name in (
            *columns.read,
            *columns.passed_over,
            *self.options.ignored_columns,
        )

    def _find_problem(self, headings: Sequence[str]) -> str | None:
        columns = self.columns
        names = [to_column_name(heading) for heading in headings]
        for heading, name in zip(headings, names, strict=True):
            if name and not self._is_known(name):
                return f"unknown column {truncate_for_display(heading)!r}"
            if name in columns.read and names.count(name) > 1:
                return f"column {name!r} twice"
            if name in columns.read and name in self.options.ignored_columns:
                return f"column {name!r}, which cannot be left out,"
        return None if columns.required in names else f"no column {columns.required!r}"

    def _refuse(self, number: int, problem: str) -> NoReturn:
        hints = self.options.hints
        reason = (
            f"{problem}: the first line must name the columns: "
            f"{self.columns.description}, separated by comma, semicolon or tab; "
            f"{hints.ignore_columns}; {hints.no_header}"
        )
        raise InvalidCsv([line_error(number, reason)])
