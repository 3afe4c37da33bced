"""Names of definitions that are not unique."""

from coupon_core.domain.names import to_name_key
from coupon_core.persistence.tables import DefinitionTable


def find_duplicate_names(limit: int) -> list[tuple[str, str, str]]:
    """Return tenant, id and name of definitions whose name another one has, too.

    They are from before names were compared without outer blanks and composition.
    """
    key, other = DefinitionTable.name_key, DefinitionTable.alias()
    rows = (
        DefinitionTable.select(
            DefinitionTable.tenant_id,
            DefinitionTable.definition_id,
            DefinitionTable.name,
        )
        .where(key.is_null())
        .order_by(DefinitionTable.tenant_id, DefinitionTable.definition_id)
        .tuples()
    )
    duplicates = []
    for tenant_id, definition_id, name in rows.iterator():
        has_same_key = (
            other.select()
            .where(other.tenant_id == tenant_id, other.name_key == to_name_key(name))
            .exists()
        )
        if has_same_key:
            duplicates.append((tenant_id, str(definition_id), name))
        if len(duplicates) == limit:
            break
    return duplicates
