"""Options of commands that read a CSV file."""

import rich_click as click

from admin_gateway.cli.options import combine_options
from coupon_core.schemas.csv_decoding import ENCODINGS
from coupon_core.schemas.csv_options import CsvHints, CsvOptions, parse_column_names

CLI_HINTS = CsvHints(
    encoding="give --encoding windows-1252 if it is in Windows-1252",
    no_header="give --no-header if the file has no headings",
    ignore_columns="name columns to leave out with --ignore-columns",
)
SKIP_USED_HINT = "give --skip-used to leave such codes out"

# The options that say how a CSV file is to be read.
csv_options = combine_options(
    click.option(
        "--no-header", is_flag=True, help="The CSV file has one column and no headings."
    ),
    click.option(
        "--ignore-columns",
        default="",
        help="Other columns of the CSV file, separated by commas, which are left out.",
    ),
    click.option(
        "--encoding",
        type=click.Choice(list(ENCODINGS), case_sensitive=False),
        default="utf-8",
        show_default=True,
        help="Encoding of a CSV file without a byte order mark.",
    ),
)


def to_csv_options(no_header: bool, ignore_columns: str, encoding: str) -> CsvOptions:
    """Return what the options say about a file."""
    return CsvOptions(
        ENCODINGS[encoding.lower()],
        has_header=not no_header,
        ignored_columns=parse_column_names(ignore_columns),
        hints=CLI_HINTS,
    )
