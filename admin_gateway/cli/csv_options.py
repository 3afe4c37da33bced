"""Options of commands that read a CSV file."""

from collections.abc import Sequence
from typing import Any, BinaryIO

import rich_click as click

from admin_gateway.cli.options import combine_options
from coupon_core.schemas.csv_decoding import ENCODINGS
from coupon_core.schemas.csv_options import (
    HTTP_HINTS,
    SKIP_USED_HINT,
    CsvOptions,
    parse_column_names,
)

# What the API says about a file, in the words of the command line.
CLI_WORDS = {
    "Invalid body: ": "Invalid CSV file: ",
    HTTP_HINTS.encoding: "give --encoding windows-1252 if it is in Windows-1252",
    HTTP_HINTS.no_header: "give --no-header if the file has no headings",
    HTTP_HINTS.ignore_columns: "name columns to leave out with --ignore-columns",
    SKIP_USED_HINT: "give --skip-used to leave such codes out",
}

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


def to_upload_options(
    no_header: bool, ignore_columns: str, encoding: str
) -> dict[str, Any]:
    """Return what the options say about a file that is sent to the API."""
    header = "absent" if no_header else "present"
    return {
        "ignore_columns": [ignore_columns],
        "content_type": f"text/csv; charset={encoding}; header={header}",
    }


def parse_users(
    file: BinaryIO, no_header: bool, ignore_columns: str, encoding: str
) -> Sequence[str]:
    """Return the users in a file, to send them together with others."""
    from coupon_core.schemas.csv_users import read_users
    from coupon_core.services.batches import MAX_USERS

    codec, columns = ENCODINGS[encoding], parse_column_names(ignore_columns)
    return read_users(
        [file.read()], CsvOptions(codec, not no_header, columns), MAX_USERS
    )


def to_cli_words(text: str) -> str:
    """Return a message of the API about a CSV file in the words of the options."""
    for words in CLI_WORDS.items():
        text = text.replace(*words)
    return text
