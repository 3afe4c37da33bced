"""Records which tables a transaction locks rows of, in which order."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from psycopg.pq import TransactionStatus

# The order that coupon_core/persistence/row_locks.py states.
LOCK_ORDER = (
    "LOCK TABLE coupon",
    "tenant",
    "campaign",
    "definition",
    "definition_usage_slot",
    "user_usage",
    "user_period_usage",
    "coupon",
    "wallet",
)
EXCLUSIVE_LOCK = "LOCK TABLE coupon IN SHARE ROW EXCLUSIVE MODE"
RANKS = {name: rank for rank, name in enumerate(LOCK_ORDER)}
TABLES_OF_USERS = {"user_usage", "user_period_usage"}
PATTERN = re.compile(
    r"""(?P<table>LOCK\ TABLE\ coupon)
    | (?:INSERT\s+INTO|DELETE\s+FROM|UPDATE(?!\s+SET|\s+OF))\s+"?(?P<written>\w+)
    | FROM\s+"?(?P<read>\w+)
    | (?P<lock>FOR\s+(?:NO\s+KEY\s+)?(?:UPDATE|SHARE)(?:\s+OF\s+c\b)?)""",
    re.VERBOSE,
)

Statement = tuple[str, str]
"""The text of a statement, and its parameter `user_id` or ""."""


def list_locked(sql: str) -> list[str]:
    """Return the tables of LOCK_ORDER that a statement locks rows of, in its order."""
    found, read = [], ""
    for match in PATTERN.finditer(sql):
        read = match["read"] or read
        name = match["table"] or match["written"]
        if match["lock"]:
            name = "coupon" if match["lock"].endswith(" c") else read
        if name in RANKS:
            found.append(name)
    return found


def is_of_another_user(lock: tuple[str, str], other: tuple[str, str]) -> bool:
    """Return True if both are counters, of different users.

    Only transactions that hold the definition lock counters of several users.
    """
    return {lock[0], other[0]} <= TABLES_OF_USERS and lock[1] != other[1]


def find_violations(statements: Sequence[Statement]) -> list[str]:
    """Return the locks that one transaction has taken too late.

    A table may be locked again, if it is for the same user. A transaction that excludes
    all that write coupons may lock their rows in any order.
    """
    if any(EXCLUSIVE_LOCK in sql for sql, _ in statements):
        return []
    held: list[tuple[str, str]] = []
    late = []
    for sql, user_id in statements:
        for name in list_locked(sql):
            key = (name, user_id if name in TABLES_OF_USERS else "")
            later = [other for other in held if RANKS[name] < RANKS[other[0]]]
            if key not in held and any(not is_of_another_user(key, x) for x in later):
                late.append(f"{key} after {held}")
            held.append(key)
    return late


@contextmanager
def recorded_transactions() -> Iterator[list[list[Statement]]]:
    """Record the statements of each transaction on PostgreSQL within the block."""
    transactions: list[list[Statement]] = []
    with pytest.MonkeyPatch.context() as patch:
        for name in ("execute", "executemany"):
            _record_calls(patch, name, transactions)
        yield transactions


def _record_calls(
    patch: pytest.MonkeyPatch, name: str, transactions: list[list[Statement]]
) -> None:
    original = getattr(psycopg.Cursor, name)

    def record(self: Any, sql: Any, *args: Any, **options: Any) -> Any:
        text = sql.decode() if isinstance(sql, bytes) else str(sql)
        if self.connection.info.transaction_status == TransactionStatus.IDLE:
            transactions.append([])
        is_named = bool(args) and isinstance(args[0], Mapping)
        user_id = args[0].get("user_id", "") if is_named else ""
        transactions[-1].append((text, user_id))
        return original(self, sql, *args, **options)

    patch.setattr(psycopg.Cursor, name, record)
