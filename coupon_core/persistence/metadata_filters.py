"""SQL conditions on metadata, which is stored as JSON text."""

from collections.abc import Iterator, Mapping
from typing import Any

from peewee import SQL, NodeList, Value, fn

from coupon_core.domain.metadata import list_matching_values
from coupon_core.persistence.database import is_postgresql
from coupon_core.persistence.tables import to_json_text


def build_metadata_conditions(
    column: Any, wanted_values: Mapping[str, str]
) -> Iterator[Any]:
    """Yield a condition for each key and the text that its value must match.

    Both databases return the value of a key as it is written in the stored JSON text,
    so that values are compared in that form.
    """
    for key, text in wanted_values.items():
        if is_postgresql():
            member = fn.json_extract_path(column.cast("json"), key).cast("text")
        else:
            member = NodeList((column, SQL("->"), Value(f'$."{key}"')))
        yield member.in_(
            [Value(to_json_text(value)) for value in list_matching_values(text)]
        )
