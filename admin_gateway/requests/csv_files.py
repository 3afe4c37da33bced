"""Fields of requests that carry a CSV file."""

from typing import Any

from coupon_core.schemas.csv_options import parse_column_names
from coupon_core.schemas.fields import StrictString

MAX_NAMES_LENGTH = 2_000
MAX_IMPORT_BYTES = 268_435_456  # One million rows of the maximum length.


class ColumnNamesField(StrictString):
    """Names of columns, separated by commas; loads as a set of lower-case names."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            max_length=MAX_NAMES_LENGTH,
            expectation="names of columns, separated by commas",
            **options,
        )

    def deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        """Return the names in a text, or the default if there is no text."""
        # Not in `_deserialize`, whose result is what the text validators check.
        text = super().deserialize(value, *args, **kwargs)
        return parse_column_names(text) if isinstance(text, str) else text


IGNORE_COLUMNS_METADATA = {
    "description": "Other columns of the CSV file, which are left out: their headings "
    "in any case, separated by commas. A heading that contains a comma is quoted."
}
