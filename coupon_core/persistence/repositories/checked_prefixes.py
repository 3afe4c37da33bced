"""How codes with a check character begin, so that a wrong one is told by itself."""

from collections.abc import Iterable

from coupon_core.domain.check_digit import is_right
from coupon_core.domain.codes import lookup_key
from coupon_core.persistence.database import execute
from coupon_core.persistence.tables import CheckedStem as Table

# "~" sorts behind all that a code may hold.
TAKEN = """
    SELECT 1 WHERE EXISTS (SELECT 1 FROM coupon WHERE tenant_id = :tenant_id
        AND code_key >= :stem AND code_key < :end)
    OR EXISTS (SELECT 1 FROM shared_code WHERE tenant_id = :tenant_id
        AND code_key >= :stem AND code_key < :end)
    OR EXISTS (SELECT 1 FROM import_row WHERE tenant_id = :tenant_id
        AND code_key >= :stem AND code_key < :end)
"""


def of_tenant(tenant_id: str) -> tuple[str, ...]:
    """All stems of a tenant."""
    rows = Table.select(Table.stem).where(Table.tenant_id == tenant_id).tuples()
    return tuple(stem for (stem,) in rows)


def reserve(tenant_id: str, stem: str, definition_id: str) -> bool:
    """Let only right codes begin so; False when others do already.

    The caller holds the tenant's row, so that no code is named or drawn meanwhile.
    """
    parameters = {"tenant_id": tenant_id, "stem": stem, "end": stem + "~"}
    if any(
        stem.startswith(one) or one.startswith(stem) for one in of_tenant(tenant_id)
    ):
        return False
    if execute(TAKEN, parameters).fetchone() is not None:
        return False
    Table.insert(tenant_id=tenant_id, stem=stem, definition_id=definition_id).execute()
    return True


def barred(tenant_id: str, codes: Iterable[str]) -> set[str]:
    """Those of the codes that begin with a stem and are not right."""
    stems = of_tenant(tenant_id)
    if not stems:
        return set()
    return {code for code in codes if is_wrong(lookup_key(code), stems)}


def is_wrong(code_key: str, stems: tuple[str, ...]) -> bool:
    """Whether a code begins with one of the stems and is not right."""
    return code_key.startswith(stems) and not is_right(code_key)
