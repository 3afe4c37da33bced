"""Numbers and dates as people write them, in the form in which the API expects them."""

import re
from typing import Any

from marshmallow import fields

from coupon_core.schemas.entered_times import EnteredTimeField
from coupon_core.schemas.fields import StrictQueryInteger

_is_integer = re.compile(r"-?[0-9]{1,18}").fullmatch
# The pages show 50 000 with a thin space; people also write 50.000 and 50,000.
_match_groups = re.compile(
    r"(-?[0-9]{1,3})(?:([\s.,'’])[0-9]{3})(?:\2[0-9]{3})*"
).fullmatch
# Only with dots the order is certain: 11/12/2030 has two meanings.
_match_day_first = re.compile(r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})\b(.*)").fullmatch


def parse_text(field: fields.Field[Any], text: str) -> Any:
    """Return the value of a field; what is not understood is left to the field."""
    if isinstance(field, EnteredTimeField):
        return _put_year_first(text)
    is_integer = isinstance(field, fields.Integer)
    if is_integer and not isinstance(field, StrictQueryInteger):
        return _parse_integer(text)
    return text


def _put_year_first(text: str) -> str:
    found = _match_day_first(text)
    if found is None:
        return text
    day, month, year, rest = found.groups()
    return f"{year}-{month:0>2}-{day:0>2}{rest}"


def _parse_integer(text: str) -> Any:
    digits = re.sub(r"[^-0-9]", "", text) if _match_groups(text) else text
    return int(digits) if _is_integer(digits) else text
