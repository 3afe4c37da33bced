"""Finds the coupons that a user has with a code by the scopes that they may have."""

from functools import cache

from coupon_core.persistence.row_mapping import SELECT_ISSUED_COUPONS

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
