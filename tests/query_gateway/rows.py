"""What is stored: all rows of all tables, and what must hold among them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from coupon_core.store.database import execute
from coupon_core.tables import ALL

Rows = dict[str, list[tuple[Any, ...]]]


def all_rows() -> Rows:
    """Every row of every table, sorted."""
    return {name: sorted(_rows(name), key=repr) for name in _names()}


def _names() -> Sequence[str]:
    return [table._meta.table_name for table in ALL]


def _rows(table: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in execute(f"SELECT * FROM {table}", {}).fetchall()]


# LIMITS 2 in SQL: each gives the rows that break it, of which there must be none.
INVARIANTS = {
    "I1 no coupon is used more often than it may be": """
        SELECT c.coupon_id FROM coupon c JOIN definition d
        ON d.tenant_id = c.tenant_id AND d.definition_id = c.definition_id
        WHERE d.per_code_limit > 0 AND c.redemption_count > d.per_code_limit""",
    "I1 no pool gives more than it has": """
        SELECT d.definition_id FROM definition d JOIN redemption r
        ON r.tenant_id = d.tenant_id AND r.definition_id = d.definition_id
        WHERE d.total_limit > 0
        GROUP BY d.tenant_id, d.definition_id, d.total_limit
        HAVING count(*) > d.total_limit""",
    "I2 a coupon counts its redemptions": """
        SELECT c.coupon_id FROM coupon c LEFT JOIN redemption r
        ON r.tenant_id = c.tenant_id AND r.coupon_id = c.coupon_id
        GROUP BY c.tenant_id, c.coupon_id, c.redemption_count
        HAVING count(r.use_number) <> c.redemption_count
        OR COALESCE(max(r.use_number), 0) <> c.redemption_count""",
    "I2 a pool counts its redemptions": """
        SELECT d.definition_id FROM definition d LEFT JOIN redemption r
        ON r.tenant_id = d.tenant_id AND r.definition_id = d.definition_id
        WHERE d.total_limit > 0
        GROUP BY d.tenant_id, d.definition_id, d.used_count
        HAVING count(r.use_number) <> d.used_count""",
    "I2 no redemption is without its coupon": """
        SELECT r.coupon_id FROM redemption r LEFT JOIN coupon c
        ON c.tenant_id = r.tenant_id AND c.coupon_id = r.coupon_id
        WHERE c.coupon_id IS NULL OR c.user_id <> r.user_id""",
    "I4 each redemption has one event": """
        SELECT 1 WHERE (SELECT count(*) FROM redemption) <>
        (SELECT count(*) FROM outbox WHERE event_type = 'coupon.redeemed')""",
}


def broken_invariants() -> list[str]:
    """The names of the invariants that some row breaks."""
    return [name for name, sql in INVARIANTS.items() if execute(sql, {}).fetchall()]
