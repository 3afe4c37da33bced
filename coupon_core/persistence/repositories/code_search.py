"""Search for codes: by many keys at once, by a prefix, by ids and by users."""

from collections.abc import Mapping, Sequence
from typing import Any

from coupon_core.domain.models.explanations import MatchKind, SearchHit
from coupon_core.persistence.database import execute, execute_for_values

MAX_READ_DEFINITIONS = 1_000

# Not a join, for which PostgreSQL may search the codes once for each definition.
DEFINITION_NAME = """(SELECT d.name FROM definition d
    WHERE d.tenant_id = :tenant_id AND d.definition_id = c.definition_id)"""
# A code that is not shared has an empty scope; it belongs to one coupon. The copies of
# a shared code, perhaps a million, are represented by its own row.
SELECT_BY_KEYS = f"""
    SELECT c.code_key, c.code, c.definition_id, {DEFINITION_NAME},
        c.coupon_id, c.user_id, ''
    FROM (SELECT code_key, code, definition_id, coupon_id, user_id FROM coupon
        WHERE tenant_id = :tenant_id AND code_key {{among}} AND code_scope = ''
        AND copy_number = 1 LIMIT :limit) c
    UNION ALL
    SELECT s.code_key, s.code, s.definition_id,
        {DEFINITION_NAME.replace("c.", "s.")}, NULL, '', s.creator_key
    FROM (SELECT code_key, code, definition_id, creator_key FROM shared_code
        WHERE tenant_id = :tenant_id AND code_key {{among}} LIMIT :limit) s
"""
# Steps from key to key, because a shared code may have a million coupons. "~" sorts
# after every character that a code may contain.
SELECT_KEYS_WITH_PREFIX = """
    WITH RECURSIVE found(code_key, count) AS (
        SELECT (SELECT code_key FROM coupon WHERE tenant_id = :tenant_id
            AND code_key >= :prefix AND code_key < :end ORDER BY code_key LIMIT 1), 1
        UNION ALL
        SELECT (SELECT c.code_key FROM coupon c WHERE c.tenant_id = :tenant_id
            AND c.code_key > found.code_key AND c.code_key < :end
            ORDER BY c.code_key LIMIT 1), found.count + 1
        FROM found WHERE found.code_key IS NOT NULL AND found.count < :limit)
    SELECT code_key FROM found WHERE code_key IS NOT NULL
    UNION SELECT code_key FROM (SELECT code_key FROM shared_code
        WHERE tenant_id = :tenant_id AND code_key >= :prefix AND code_key < :end
        ORDER BY code_key LIMIT :limit) s
    ORDER BY code_key LIMIT :limit
"""
SELECT_COUPONS = f"""
    SELECT c.code_key, c.code, c.definition_id, {DEFINITION_NAME},
        c.coupon_id, c.user_id, ''
    FROM (SELECT * FROM coupon WHERE tenant_id = :tenant_id {{condition}}
        ORDER BY coupon_id DESC LIMIT :limit) c
    ORDER BY c.coupon_id DESC
"""
SELECT_REDEMPTIONS = f"""
    SELECT r.redemption_id, c.code, c.definition_id, {DEFINITION_NAME},
        c.coupon_id, r.user_id, ''
    FROM (SELECT redemption_id, coupon_id, user_id FROM redemption
        WHERE tenant_id = :tenant_id {{condition}}
        ORDER BY redemption_id DESC LIMIT :limit) r
    JOIN coupon c ON c.tenant_id = :tenant_id AND c.coupon_id = r.coupon_id
    ORDER BY r.redemption_id DESC
"""
SELECT_BY_ATTRIBUTE = {
    MatchKind.COUPON_ID: SELECT_COUPONS.format(condition="AND coupon_id = :value"),
    # Repeats the condition of the partial index, so that the index is used.
    MatchKind.USER_ID: SELECT_COUPONS.format(
        condition="AND user_id = :value AND user_id <> ''"
    ),
    MatchKind.REDEMPTION_ID: SELECT_REDEMPTIONS.format(
        condition="AND redemption_id = :value"
    ),
    MatchKind.REFERENCE: SELECT_REDEMPTIONS.format(condition="AND reference = :value"),
}
# The codes of a tenant that contain separators, as patterns, prefixes or whole codes.
SELECT_SEPARATED_CODES = """
    SELECT DISTINCT code_prefix, code_length, code_pattern, code_check, custom_code
    FROM definition WHERE tenant_id = :tenant_id
    AND replace(replace(code_prefix || code_pattern || custom_code, '-', ''), '_', '')
        <> code_prefix || code_pattern || custom_code
    LIMIT :limit
"""


def find_by_keys(
    tenant_id: str, keys: Mapping[str, MatchKind], entered: str
) -> list[SearchHit]:
    """Return the codes with these lookup keys, in the order of the keys.

    A code that is written as it was entered is an exact match.
    """
    rows = execute_for_values(
        SELECT_BY_KEYS,
        "text",
        values=list(keys),
        parameters={"tenant_id": tenant_id, "limit": len(keys)},
    )
    order = {key: number for number, key in enumerate(keys)}
    found = sorted(rows.fetchall(), key=lambda row: order[row[0]])
    return [
        _to_hit(row, MatchKind.EXACT if row[1] == entered else keys[row[0]])
        for row in found
    ]


def list_keys_with_prefix(tenant_id: str, prefix: str, limit: int) -> list[str]:
    """Return the first lookup keys of codes that begin with a prefix."""
    parameters = {"tenant_id": tenant_id, "prefix": prefix, "limit": limit}
    rows = execute(SELECT_KEYS_WITH_PREFIX, {**parameters, "end": prefix + "~"})
    return [key for (key,) in rows.fetchall()]


def find_by_attribute(
    tenant_id: str, match: MatchKind, value: str | int, limit: int
) -> list[SearchHit]:
    """Return the coupons that have a value, or redemptions with it, newest first."""
    parameters = {"tenant_id": tenant_id, "value": value, "limit": limit}
    rows = execute(SELECT_BY_ATTRIBUTE[match], parameters).fetchall()
    return [_to_hit(row, match) for row in rows]


def _to_hit(row: Sequence[Any], match: MatchKind) -> SearchHit:
    first, code, definition_id, name, coupon_id, user_id, creator_key = row
    is_use = match in (MatchKind.REDEMPTION_ID, MatchKind.REFERENCE)
    return SearchHit(
        match=match,
        code=code,
        definition_id=definition_id,
        definition_name=name,
        coupon_id=coupon_id,
        user_id=user_id,
        creator_key=creator_key,
        redemption_id=first if is_use else None,
    )


def list_separated_codes(tenant_id: str) -> list[str]:
    """Return a code of each form with separators that a tenant's definitions have.

    Other characters of random codes are placeholders.
    """
    parameters = {"tenant_id": tenant_id, "limit": MAX_READ_DEFINITIONS}
    rows = execute(SELECT_SEPARATED_CODES, parameters).fetchall()
    return [
        custom_code or (pattern or prefix + "*" * length) + "*" * bool(has_check)
        for prefix, length, pattern, has_check, custom_code in rows
    ]
