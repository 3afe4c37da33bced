"""Records the statements that the product's own code sends to the database."""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest
from peewee import Database, SqliteDatabase

from tests.support.paths import PROJECT_ROOT
from tests.support.tenant_binding import analyze

THIS_FILE = Path(__file__)
PRODUCT = PROJECT_ROOT / "coupon_core"
# Its own modules send the statements of others.
PERSISTENCE = PRODUCT / "persistence"
# What workers and operators read over several tenants; requests never do.
READERS_OF_ALL_TENANTS = {
    "accepted_events.purge",
    "batches.list_stalled",
    "code_jobs.find_stalled",
    "dead_letters.find",
    "dead_letters.list_dead_letters",
    "definitions.find_duplicate_names",
    "expiry.list_tenants",
    "idempotency.purge",
    "outbox.list_tenants",
    "outbox.measure_backlog",
    "outbox.purge",
    "report_backfills.list_due_tenants",
    "tenant_deletions.list_tenant_ids",
    "tenants.list_tenants",
    "uncounted_events.measure",
    "webhook_deliveries.claim_webhooks",
    "webhook_deliveries.list_subscriptions",
    "webhook_deliveries.purge",
}
is_query = re.compile(r"\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\b").match


@dataclass
class StatementRecorder:
    """The distinct statements, each with the function that sent it first."""

    senders: dict[tuple[str, str], str] = field(default_factory=dict)

    def add(self, sql: str, dialect: str) -> None:
        """Record a statement unless it was recorded before, or a test sends it."""
        if is_query(sql) and (sql, dialect) not in self.senders:
            sender = _find_sender()
            if sender:
                self.senders[sql, dialect] = sender

    def list_violations(
        self, readers_of_all_tenants: Collection[str] = ()
    ) -> list[str]:
        """Return the statements that are not bound to one tenant by a parameter.

        `readers_of_all_tenants` may read over several tenants, but change nothing.
        """
        violations = []
        for (sql, dialect), sender in self.senders.items():
            binding = analyze(sql, dialect)
            may_read = sender in readers_of_all_tenants and not binding.changes_or_locks
            if binding.unbound_tables and not may_read:
                violations.append(f"{sender}: {binding.unbound_tables} in {sql}")
        return violations


def _find_sender() -> str | None:
    frame = sys._getframe(2)
    while frame:
        path = Path(frame.f_code.co_filename)
        is_test = path.is_relative_to(PROJECT_ROOT / "tests") and path != THIS_FILE
        if is_test or path.parent.name == "migrations":
            return None
        if path.is_relative_to(PRODUCT) and path.parent != PERSISTENCE:
            return f"{path.stem}.{frame.f_code.co_name}"
        frame = frame.f_back
    return None


@contextmanager
def recorded_statements() -> Iterator[StatementRecorder]:
    """Record the statements of this process within the block."""
    recorder = StatementRecorder()
    with pytest.MonkeyPatch.context() as patch:
        _record_calls(patch, psycopg.Cursor, "execute", recorder)
        _record_calls(patch, psycopg.Cursor, "executemany", recorder)
        _record_calls(patch, Database, "execute_sql", recorder)
        yield recorder


def _record_calls(
    patch: pytest.MonkeyPatch, owner: type, name: str, recorder: StatementRecorder
) -> None:
    original = getattr(owner, name)

    def record(self: Any, sql: Any, *args: Any, **options: Any) -> Any:
        text = sql.decode() if isinstance(sql, bytes) else str(sql)
        is_sqlite = isinstance(self, SqliteDatabase)
        recorder.add(text, "sqlite" if is_sqlite else "postgres")
        return original(self, sql, *args, **options)

    patch.setattr(owner, name, record)
