"""The one reader of CSV files, for imports, lists of users and the command line.

It accepts what spreadsheets write (docs/api-contracts.md 0.33): UTF-8 and UTF-16, any
line end, comma, semicolon or tab, headings in any case, blanks around values, empty
rows and empty columns. It undoes the formula escapes of our own exports.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from coupon_core.domain.models.inventory import RejectedRow
from coupon_core.schemas.csv_decoding import read_lines
from coupon_core.schemas.csv_header import read_header
from coupon_core.schemas.csv_options import CsvColumns, CsvOptions
from coupon_core.schemas.csv_parsing import MalformedLine, RecordReader


class CsvRecord(NamedTuple):
    """A row of a file: the line on which it starts, and its values by column."""

    line: int
    values: Mapping[str, str]


def read_records(
    pieces: Iterable[bytes], columns: CsvColumns, options: CsvOptions
) -> Iterator[CsvRecord | RejectedRow]:
    """Yield the rows of a file that arrives in pieces, with a reason for each bad one.

    Rows without any value are skipped, but count towards the line numbers.

    Raises:
        InvalidCsv: The first line is missing or does not name the columns.
    """
    lines = read_lines(pieces, options.codec)
    records = RecordReader(lines, options.hints.encoding)
    header = read_header(records, columns, options)
    while line := records.read_line():
        number = line[0]
        try:
            values = header.to_values(*records.parse(*line))
        except MalformedLine as error:
            yield RejectedRow(number, str(error))
        else:
            if values is not None:
                yield CsvRecord(number, values)
