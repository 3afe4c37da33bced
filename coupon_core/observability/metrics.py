"""Record metrics, if this process exposes any.

Until `metrics_server.start` is called nothing is recorded, and each call costs one
dictionary lookup.
"""

from typing import Any

OK, REFUSED, FAILED = "ok", "refused", "failed"

_metrics: dict[str, Any] = {}
# Children by name and labels: `labels()` costs as much as the counting itself.
_children: dict[tuple[str, ...], Any] = {}


def install_metrics(metrics: dict[str, Any]) -> None:
    """Record into these Prometheus metrics, by name, from now on."""
    _children.clear()
    _metrics.update(metrics)


def _find_child(*key: str) -> Any:
    """Return the child of a metric by name and labels, or None if none is installed."""
    child = _children.get(key)
    if child is None and _metrics:
        child = _children[key] = _metrics[key[0]].labels(*key[1:])
    return child


def count_redemption(dialect: str, result: str, reason: str = "") -> None:
    """Count a redemption: `ok`, `refused` with a reason, or `failed`."""
    if child := _find_child("redemptions", dialect, result, reason):
        child.inc()


def observe_request(method: str, route: str, status: int, seconds: float) -> None:
    """Record the duration of a request; `route` is its URL template."""
    if child := _find_child("requests", method, route, f"{status // 100}xx"):
        child.observe(seconds)


def count_rate_limited(limit_name: str) -> None:
    """Count a request that exceeded the rate limit of this name."""
    if child := _find_child("limited", limit_name):
        child.inc()


def count_message(queue: str, outcome: str) -> None:
    """Count a message that a worker processed."""
    if child := _find_child("messages", queue, outcome):
        child.inc()


def count_relayed_events(outcome: str, count: int = 1) -> None:
    """Count events that the outbox relay published, or failed to publish."""
    if child := _find_child("relayed", outcome):
        child.inc(count)


def count_delivery(outcome: str) -> None:
    """Count a webhook delivery."""
    if child := _find_child("deliveries", outcome):
        child.inc()


def count_dropped_attempts(count: int) -> None:
    """Count attempts that were counted without their details, or not stored."""
    if child := _find_child("dropped_attempts"):
        child.inc(count)


def record_pool_connections(in_use: int, idle: int) -> None:
    """Record the open database connections of this process's pool."""
    for state, count in (("in_use", in_use), ("idle", idle)):
        if child := _find_child("pool", state):
            child.set(count)
