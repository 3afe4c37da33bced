"""Finds the coupons with a code by the scopes that they may have, by index."""

from functools import cache

from coupon_core.domain.codes import code_scope, to_lookup_key
from coupon_core.persistence.row_mapping import (
    CODE_MATCHES,
    CREATOR_KEY_EXPRESSION,
    REVOKED_AT_EXPRESSION,
    SELECT_ISSUED_COUPONS,
)

# A code that only one coupon can have: one probe of the unique index, and nothing is
# read from `shared_code`. Most requests are about such codes, so that all scopes are
# searched only if this finds nothing; a lookup key never has coupons in both.
SELECT_UNSHARED = (
    SELECT_ISSUED_COUPONS.replace(REVOKED_AT_EXPRESSION, "c.revoked_at")
    .replace(CREATOR_KEY_EXPRESSION, "NULL")
    .replace(
        "JOIN definition d ON", "JOIN definition d ON d.code_format <> 'shared' AND"
    )
    .replace(
        "FROM coupon",
        """FROM (SELECT * FROM coupon WHERE tenant_id = :tenant_id
        AND code_key = :code_key AND code_scope = '')""",
        1,
    )
)
# Each scope is one probe of the unique index. Given IN, as SQLite is, PostgreSQL before
# version 17 may take the key for almost unique, and read the coupons that all users
# have with a shared code. OFFSET 0 keeps it from joining the probes into one search.
_PROBES = """(VALUES (''), (NULLIF(:user_id, '')), (:exact_scope)) s (scope)
    CROSS JOIN LATERAL (SELECT * FROM coupon WHERE tenant_id = :tenant_id
        AND code_key = :code_key AND code_scope = s.scope OFFSET 0)"""
_SEARCH = """(SELECT * FROM coupon WHERE tenant_id = :tenant_id
    AND code_key = :code_key AND code_scope IN ('', :user_id, :exact_scope))"""

SELECT_BY_PROBES = SELECT_ISSUED_COUPONS.replace("FROM coupon", f"FROM {_PROBES}", 1)
SELECT_BY_SEARCH = SELECT_ISSUED_COUPONS.replace("FROM coupon", f"FROM {_SEARCH}", 1)


@cache
def select_by_scope(condition: str, is_postgresql: bool) -> str:
    """Return the statement that selects a user's coupons that meet a condition."""
    return f"{SELECT_BY_PROBES if is_postgresql else SELECT_BY_SEARCH} {condition}"


# If a case-sensitive code has the key, all codes with the key are case-sensitive
# (docs/api-contracts.md 5, row 19). One that no definition has is not searched for
# among the coupons of the others: EXISTS is evaluated once, before any coupon is read.
_EXACT_CODES = """SELECT 1 FROM shared_code e WHERE e.tenant_id = :tenant_id
    AND e.code_key = :code_key AND e.code_exact <> ''"""
CODE_CONDITION = f"""c.code_key = :code_key AND {CODE_MATCHES}
    AND (EXISTS ({_EXACT_CODES} AND e.code_exact = :code)
        OR NOT EXISTS ({_EXACT_CODES}))"""


def to_code_parameters(tenant_id: str, code: str, user_id: str = "") -> dict[str, str]:
    """Return the parameters of `CODE_CONDITION` and `select_by_scope`."""
    return {
        "tenant_id": tenant_id,
        "code_key": to_lookup_key(code),
        "code": code,
        "user_id": user_id,
        "exact_scope": code_scope(code, True, user_id=user_id),
    }
