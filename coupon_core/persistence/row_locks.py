"""Row locks on PostgreSQL; on SQLite the write transaction itself is the lock.

All transactions take them in one order, because others would wait for each other in a
circle: the announcement that coupons are written (`announce_coupon_write`), tenant,
campaign, definition, its slots, the counters of users (`user_usage`, then
`user_period_usage`), coupons by ID, wallet. Only a transaction that has locked their
definition locks the counters of several users. The optimistic write of a use follows
the same order within its one statement (`redemptions.py`).
"""

from typing import Any

from coupon_core.persistence.database import is_postgresql


def lock_rows(query: Any, lock_mode: str = "FOR NO KEY UPDATE") -> Any:
    """Return the query with a lock on its rows until the transaction ends."""
    return query.for_update(lock_mode) if is_postgresql() else query


def coupon_lock_clause(lock: bool = True) -> str:
    """Return the SQL clause that locks the rows of alias `c`, or "" without `lock`."""
    return " FOR UPDATE OF c" if lock and is_postgresql() else ""


def skip_locked_clause(lock_mode: str = "FOR UPDATE") -> str:
    """Return the SQL clause that locks rows and skips those locked by others.

    With a LIMIT it belongs into `WITH ... AS MATERIALIZED`. PostgreSQL may run another
    subquery several times in one statement, and each run skips the rows of the runs
    before it and takes more.
    """
    return f"{lock_mode} SKIP LOCKED" if is_postgresql() else ""
