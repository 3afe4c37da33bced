"""Records the plans that PostgreSQL executes, with the rows that each of them reads."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from psycopg.errors import Diagnostic

from coupon_core.persistence.database import execute
from coupon_core.persistence.tables import database_proxy

# Generic plans, as after some executions of a prepared statement. Without sequential
# scans, because those of small tables are cheaper than an index.
SESSION_SETTINGS = {
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "auto_explain.log_min_duration": "0",
    "auto_explain.log_analyze": "on",
    "auto_explain.log_timing": "off",
    "auto_explain.log_format": "json",
    "auto_explain.log_level": "notice",
}
READ_ROWS = ("Actual Rows", "Rows Removed by Filter", "Rows Removed by Join Filter")


@dataclass(frozen=True, slots=True)
class ExecutedPlan:
    """A statement, and the plan by which it was executed."""

    sql: str
    root: dict[str, Any]

    def count_read_rows(self) -> int:
        """Return the most rows that a node of the plan has read, in all its loops."""
        return max(map(_count_rows, _list_nodes([self.root])))

    def count_searches(self, table: str) -> int:
        """Return how often the plan has searched a table."""
        return sum(
            node["Actual Loops"]
            for node in _list_nodes([self.root])
            if node.get("Relation Name") == table
        )


def _count_rows(node: dict[str, Any]) -> int:
    rows = sum(node.get(name, 0) for name in READ_ROWS)
    return round(rows * node.get("Actual Loops", 1))


def _list_nodes(nodes: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for node in nodes:
        yield node
        yield from _list_nodes(node.get("Plans", ()))


@contextmanager
def recorded_plans() -> Iterator[list[ExecutedPlan]]:
    """Record the plans of this thread's statements on PostgreSQL within the block."""
    plans: list[ExecutedPlan] = []

    def record(notice: Diagnostic) -> None:
        _, found, text = (notice.message_primary or "").partition("plan:\n")
        if found:
            explained = json.loads(text)
            plans.append(ExecutedPlan(explained["Query Text"], explained["Plan"]))

    execute("LOAD 'auto_explain'", {})
    for name, value in SESSION_SETTINGS.items():
        execute(f"SET {name} = {value}", {})
    connection = database_proxy.connection()
    connection.add_notice_handler(record)
    try:
        yield plans
    finally:
        connection.remove_notice_handler(record)
        database_proxy.manual_close()  # with its settings, it is of no other use
