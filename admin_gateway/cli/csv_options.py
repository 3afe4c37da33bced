"""Options of commands that read a CSV file."""

from typing import Any

import rich_click as click

from coupon_core.schemas.csv_decoding import ENCODINGS
from coupon_core.schemas.csv_options import CsvHints, CsvOptions, parse_column_names

CLI_HINTS = CsvHints(
    encoding="give --encoding windows-1252 if it is in Windows-1252",
    no_header="give --no-header if the file has no headings",
    ignore_columns="name columns to leave out with --ignore-columns",
)
SKIP_USED_HINT = "give --skip-used to leave such codes out"

_no_header_option = click.option(
    "--no-header", is_flag=True, help="The CSV file has one column and no headings."
)
_ignore_columns_option = click.option(
    "--ignore-columns",
    default="",
    help="Other columns of the CSV file, separated by commas, which are left out.",
)
_encoding_option = click.option(
    "--encoding",
    type=click.Choice(list(ENCODINGS), case_sensitive=False),
    default="utf-8",
    show_default=True,
    help="Encoding of a CSV file without a byte order mark.",
)


def csv_options(command: Any) -> Any:
    """Give a command --no-header, --ignore-columns and --encoding."""
    return _no_header_option(_ignore_columns_option(_encoding_option(command)))


def to_csv_options(no_header: bool, ignore_columns: str, encoding: str) -> CsvOptions:
    """Return what the options say about a file."""
    return CsvOptions(
        ENCODINGS[encoding.lower()],
        has_header=not no_header,
        ignored_columns=parse_column_names(ignore_columns),
        hints=CLI_HINTS,
    )
