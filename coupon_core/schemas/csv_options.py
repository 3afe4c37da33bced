"""What a CSV file may contain, what its sender says about it, and how it is refused."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass

from coupon_core.domain.csv_escaping import unescape_formula
from coupon_core.schemas.errors import ApiError, ErrorDetail, validation_error


@dataclass(frozen=True, slots=True)
class CsvHints:
    """What a caller can do about a refusal, in the words of its interface."""

    encoding: str
    no_header: str
    ignore_columns: str


HTTP_HINTS = CsvHints(
    encoding="send Windows-1252 as Content-Type: text/csv; charset=windows-1252",
    no_header="send a file without headings as Content-Type: text/csv; header=absent",
    ignore_columns="name columns to leave out in the query parameter ignore_columns",
)
SKIP_USED_HINT = "send skip_used=true in the query to leave such codes out"


@dataclass(frozen=True, slots=True)
class CsvOptions:
    """What a caller says about a file; the defaults suit most files."""

    codec: str | None = None  # of a file without a byte order mark; None is UTF-8
    has_header: bool = True
    ignored_columns: frozenset[str] = frozenset()
    hints: CsvHints = HTTP_HINTS


@dataclass(frozen=True, slots=True)
class CsvColumns:
    """The columns of a kind of file."""

    required: str  # the only column of a file without a header
    read: tuple[str, ...]  # with the required one
    passed_over: tuple[str, ...]  # known, but not read
    description: str


class InvalidCsv(ApiError):
    """The 400 for a file."""

    def __init__(self, details: Sequence[ErrorDetail]) -> None:
        error = validation_error(details)
        super().__init__(error.status, error.code, error.message, error.details)


def line_error(line: int, reason: str) -> ErrorDetail:
    """Return the detail for a line of a file."""
    return ErrorDetail(reason, f"line {line}", target="body")


def to_column_name(heading: str) -> str:
    """Return a heading as it is compared: without blanks around it, in lower case."""
    return unescape_formula(heading.strip()).casefold()


def parse_column_names(text: str) -> frozenset[str]:
    """Return the names in a comma-separated list; a name with a comma is quoted."""
    (names,) = csv.reader([text], skipinitialspace=True)
    return frozenset(filter(None, map(to_column_name, names)))
