"""What is stored encrypted, so that it can be checked and encrypted again."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from coupon_core.persistence.database import single_statement
from coupon_core.persistence.tables import ALL_TABLES, IdempotencyTable, TenantTable

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
    key: tuple[str, Any]
    ciphertext: str


def iterate_values(fields: list[Any]) -> Iterator[SealedValue]:
    """Yield the encrypted values of these columns, tenant by tenant."""
    tenant_ids = TenantTable.select(TenantTable.tenant_id).order_by(
        TenantTable.tenant_id
    )
    for (tenant_id,) in list(tenant_ids.tuples()):
        for field in fields:
            yield from _iterate_values_of_tenant(field, tenant_id)


def _iterate_values_of_tenant(field: Any, tenant_id: str) -> Iterator[SealedValue]:
    tenant_field, id_field = field.model._meta.get_primary_keys()
    query = (
        field.model.select(id_field, field)
        .where(tenant_field == tenant_id, field.is_null(False), field != "")
        .order_by(id_field)
        .limit(PAGE_SIZE)
    )
    rows = list(query.tuples())
    while rows:
        for row_id, ciphertext in rows:
            yield SealedValue(field, (tenant_id, row_id), ciphertext)
        rows = list(query.where(id_field > rows[-1][0]).tuples())


def replace_value(value: SealedValue, ciphertext: str) -> bool:
    """Store another ciphertext, unless the value has changed in the meantime."""
    has_key = value.field.model.match_key(*value.key)
    with single_statement():
        query = value.field.model.update({value.field: ciphertext}).where(
            has_key, value.field == value.ciphertext
        )
        return bool(query.execute())
