"""What is stored encrypted, so that it can be checked and encrypted again."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from peewee import Tuple

from coupon_core.persistence.tables import ALL_TABLES, IdempotencyTable

PAGE_SIZE = 1_000
# Secrets are in columns named …_sealed; stored responses may contain some as well.
SECRET_FIELDS = [
    field
    for table in ALL_TABLES
    for field in table._meta.sorted_fields
    if field.column_name.endswith("_sealed")
]
SEALED_FIELDS = [*SECRET_FIELDS, IdempotencyTable.answer]


@dataclass(frozen=True, slots=True)
class SealedValue:
    """An encrypted value, its column, and the key of its row."""

    field: Any
    key: tuple[Any, ...]
    ciphertext: str


def iterate_values(fields: list[Any]) -> Iterator[SealedValue]:
    """Yield the encrypted values of these columns, of all tenants."""
    for field in fields:
        yield from _iterate_values(field)


def _iterate_values(field: Any) -> Iterator[SealedValue]:
    key_fields = field.model._meta.get_primary_keys()
    query = (
        field.model.select(*key_fields, field)
        .where(field.is_null(False), field != "")
        .order_by(*key_fields)
        .limit(PAGE_SIZE)
    )
    rows = list(query.tuples())
    while rows:
        for *key, ciphertext in rows:
            yield SealedValue(field, tuple(key), ciphertext)
        rows = list(query.where(Tuple(*key_fields) > Tuple(*key)).tuples())


def replace_value(value: SealedValue, ciphertext: str) -> bool:
    """Store another ciphertext, unless the value has changed in the meantime."""
    has_key = value.field.model.match_key(*value.key)
    query = value.field.model.update({value.field: ciphertext}).where(
        has_key, value.field == value.ciphertext
    )
    return bool(query.execute())
