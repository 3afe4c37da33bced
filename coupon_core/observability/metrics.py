"""What is counted: told by whoever does it, kept where somebody wants to know.

Until `serving.start` is called nothing is kept, and telling costs next to nothing.
"""

from typing import Any

OK, REFUSED, FAILED = "ok", "refused", "failed"

_metrics: dict[str, Any] = {}
# A metric's child by its labels: to look one up there costs as much as to count.
_children: dict[tuple[str, ...], Any] = {}


def install_metrics(metrics: dict[str, Any]) -> None:
    """Count in these Prometheus metrics, by name, from now on."""
    _children.clear()
    _metrics.update(metrics)


def _find_child(*key: str) -> Any:
    """The child of a metric: its name, then its labels; None while none are kept."""
    child = _children.get(key)
    if child is None and _metrics:
        child = _children[key] = _metrics[key[0]].labels(*key[1:])
    return child


def count_redemption(dialect: str, result: str, reason: str = "") -> None:
    """A redemption came to an end: `ok`, `refused` for that reason, or `failed`."""
    if child := _find_child("redemptions", dialect, result, reason):
        child.inc()


def observe_request(method: str, route: str, status: int, seconds: float) -> None:
    """A request to a route, told as its template, was answered."""
    if child := _find_child("requests", method, route, f"{status // 100}xx"):
        child.observe(seconds)


def count_rate_limited(limit_name: str) -> None:
    """A rate limit was hit; `limit_name` is a word of ours for which."""
    if child := _find_child("limited", limit_name):
        child.inc()


def count_message(queue: str, outcome: str) -> None:
    """A worker brought a message to an end."""
    if child := _find_child("messages", queue, outcome):
        child.inc()


def count_relayed_events(outcome: str, count: int = 1) -> None:
    """The relay published events, or could not."""
    if child := _find_child("relayed", outcome):
        child.inc(count)


def count_delivery(outcome: str) -> None:
    """A webhook delivery came to an end."""
    if child := _find_child("deliveries", outcome):
        child.inc()


def record_pool_connections(in_use: int, idle: int) -> None:
    """So many connections of this process to the database are open now."""
    for state, count in (("in_use", in_use), ("idle", idle)):
        if child := _find_child("pool", state):
            child.set(count)
