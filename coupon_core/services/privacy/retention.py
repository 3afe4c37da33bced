"""Delete what is past its retention, tenant by tenant, in small transactions."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta

from coupon_core.persistence.repositories import retention as retention_repository

MAX_ROWS_PER_TRANSACTION = 2_000

_kept_days: Mapping[str, int] = {}


def configure(kept_days: Mapping[str, int]) -> None:
    """Set for how many days each kind of row is kept; 0 means without a limit."""
    global _kept_days
    _kept_days = dict(kept_days)


def get_kept_days() -> Mapping[str, int]:
    """Return for how many days each kind of row is kept; 0 means without a limit."""
    return _kept_days


def count_prunable(tenant_id: str, now: datetime) -> dict[str, int]:
    """Return how many rows of each kind `prune` would delete now."""
    return {
        kind: retention_repository.count_past(tenant_id, kind, before)
        for kind, before in _iterate_limits(now)
    }


def prune(
    tenant_id: str, now: datetime, should_stop: Callable[[], bool]
) -> dict[str, int]:
    """Delete a tenant's rows that are past their retention; return the counts.

    Answers of idempotent requests name the end of their retention themselves; the relay
    deletes them.
    """
    counts: Counter[str] = Counter()
    for kind, before in _iterate_limits(now):
        while not should_stop():
            deleted = retention_repository.delete_past(
                tenant_id, kind, before, limit=MAX_ROWS_PER_TRANSACTION
            )
            counts[kind] += deleted
            if deleted < MAX_ROWS_PER_TRANSACTION:
                break
    return {kind: counts[kind] for kind, _ in _iterate_limits(now)}


def _iterate_limits(now: datetime) -> Iterator[tuple[str, datetime]]:
    """Yield each kind that is kept for a limited time, and the time."""
    for kind, days in _kept_days.items():
        if days:
            yield kind, now - timedelta(days=days)
