"""Prefixes of codes with a check character; they reveal mistyped codes."""

from collections.abc import Iterable

from coupon_core.domain.check_digit import has_valid_check_digit
from coupon_core.domain.codes import to_lookup_key
from coupon_core.persistence.database import execute
from coupon_core.persistence.tables import CheckedStemTable

# "~" sorts after every character that a code may contain.
SELECT_CODE_WITH_PREFIX = """
    SELECT 1 WHERE EXISTS (SELECT 1 FROM coupon WHERE tenant_id = :tenant_id
        AND code_key >= :stem AND code_key < :end)
    OR EXISTS (SELECT 1 FROM shared_code WHERE tenant_id = :tenant_id
        AND code_key >= :stem AND code_key < :end)
    OR EXISTS (SELECT 1 FROM import_row WHERE tenant_id = :tenant_id
        AND code_key >= :stem AND code_key < :end)
"""


def list_prefixes(tenant_id: str) -> tuple[str, ...]:
    """Return all checked prefixes of a tenant."""
    rows = (
        CheckedStemTable.select(CheckedStemTable.stem)
        .where(CheckedStemTable.tenant_id == tenant_id)
        .tuples()
    )
    return tuple(stem for (stem,) in rows)


def has_codes(tenant_id: str, prefix: str) -> bool:
    """Return True if a code of the tenant begins with a prefix in upper case."""
    parameters = {"tenant_id": tenant_id, "stem": prefix, "end": prefix + "~"}
    return execute(SELECT_CODE_WITH_PREFIX, parameters).fetchone() is not None


def insert(tenant_id: str, prefix: str, definition_id: str) -> None:
    """Reserve a prefix for codes with a check character.

    The caller must hold the lock of the tenant, so that no code is created meanwhile.
    """
    CheckedStemTable.insert(
        tenant_id=tenant_id, stem=prefix, definition_id=definition_id
    ).execute()


def find_invalid_check_digits(tenant_id: str, codes: Iterable[str]) -> set[str]:
    """Return the codes with a checked prefix and an invalid check character."""
    prefixes = list_prefixes(tenant_id)
    if not prefixes:
        return set()
    return {
        code for code in codes if has_invalid_check_digit(to_lookup_key(code), prefixes)
    }


def has_invalid_check_digit(code_key: str, prefixes: tuple[str, ...]) -> bool:
    """Return True if a code has a checked prefix and an invalid check character."""
    return code_key.startswith(prefixes) and not has_valid_check_digit(code_key)
