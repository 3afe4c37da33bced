"""Metadata: what callers note on an object; the system only stores and filters it.

See docs/api-contracts.md 0.28.
"""

import json
import re
from collections.abc import Mapping

MetadataValue = str | int | float | bool
Metadata = Mapping[str, MetadataValue]

MAX_KEYS = 50
MAX_VALUE_LENGTH = 500
MAX_REFERENCE_LENGTH = 255
MAX_NUMBER = 2**53 - 1  # JSON numbers beyond it are not exact in most languages
FILTER_PREFIX = "metadata."
KEY_PATTERN = "^[A-Za-z0-9_-]{1,40}$"
METADATA_EXPECTED = (
    f"an object of up to {MAX_KEYS} keys of 1 to 40 letters, digits, _ or -, whose "
    f"values are text of up to {MAX_VALUE_LENGTH} characters, numbers, true or false"
)
_is_key = re.compile(KEY_PATTERN[1:-1]).fullmatch


def is_metadata_key(text: str) -> bool:
    """Return True if the text can be a key of metadata."""
    return bool(_is_key(text))


def find_metadata_problem(value: object) -> str | None:
    """Return what is wrong with a value as metadata; None if it is valid."""
    if not isinstance(value, dict):
        return f"expected {METADATA_EXPECTED}"
    if len(value) > MAX_KEYS:
        return f"expected at most {MAX_KEYS} keys, not {len(value)}"
    for key, member in value.items():
        if not is_metadata_key(key):
            return f"key {key[:40]!r}: expected 1 to 40 letters, digits, _ or -"
        if not _is_metadata_value(member):
            return (
                f"key {key!r}: expected text of up to {MAX_VALUE_LENGTH} characters, "
                "a number of at most 2^53 - 1, true or false"
            )
    return None


def _is_metadata_value(value: object) -> bool:
    if isinstance(value, str):
        return len(value) <= MAX_VALUE_LENGTH
    if isinstance(value, bool):
        return True
    return isinstance(value, int | float) and abs(value) <= MAX_NUMBER


def list_matching_values(text: str) -> list[MetadataValue]:
    """Return the values that a filter such as `metadata.level=3` selects.

    A query has only text, so that `3` matches the number and the text, and `true` the
    boolean and the text.
    """
    values: list[MetadataValue] = [text]
    try:
        parsed = json.loads(text)
    except ValueError:
        return values
    if isinstance(parsed, bool | int | float) and _is_metadata_value(parsed):
        values.append(parsed)
        if not isinstance(parsed, bool) and parsed == int(parsed):
            values += [int(parsed), float(parsed)]
    return values
