"""Record metrics, if this process exposes any.

Until `metrics_server.start` is called nothing is recorded, and each call costs one
dictionary lookup.
"""

from pathlib import Path
from typing import Any

from coupon_core.observability.label_names import OTHER, LabelNames

OK, REFUSED, FAILED = "ok", "refused", "failed"

_metrics: dict[str, Any] = {}
# Children by name and labels: `labels()` costs as much as the counting itself.
_children: dict[tuple[str, ...], Any] = {}


_tenant_names: LabelNames | None = None
_campaign_names: LabelNames | None = None


def install_metrics(metrics: dict[str, Any]) -> None:
    """Record into these Prometheus metrics, by name, from now on."""
    _children.clear()
    _metrics.update(metrics)


def distinguish_tenants(directory: Path, limit: int) -> None:
    """Count redemptions also by tenant and campaign, of each the first `limit`.

    With the limit 0 they are not counted.
    """
    global _tenant_names, _campaign_names
    _tenant_names = LabelNames(directory / "tenants", limit) if limit else None
    _campaign_names = LabelNames(directory / "campaigns", limit) if limit else None


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


def count_tenant_redemption(
    tenant_id: str, campaign_id: str, result: str, reason: str = ""
) -> None:
    """Count a redemption by tenant and campaign, which is "" if there is none."""
    if _tenant_names is None or _campaign_names is None:
        return
    tenant = tenant_id if tenant_id in _tenant_names else OTHER
    is_named = not campaign_id or f"{tenant_id}/{campaign_id}" in _campaign_names
    campaign = campaign_id if is_named else OTHER
    labels = tenant, campaign, result, reason
    if child := _find_child("tenant_redemptions", *labels):
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
