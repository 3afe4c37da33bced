"""An HTTP server that exposes the metrics to Prometheus on a port of its own."""

import os
import socket
import sys
import threading
from collections.abc import Callable, Iterable
from http.server import ThreadingHTTPServer
from pathlib import Path
from socketserver import TCPServer
from typing import Any, Protocol

import structlog

from coupon_core.observability import metrics, metrics_files
from coupon_core.observability.error_summary import describe_error, stack_frames

log = structlog.get_logger("coupon.metrics")

# Requests end within five seconds, if necessary with 503.
LATENCY_BUCKETS_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
SAMPLE_INTERVAL_SECONDS = 1.0
COUNTERS = {
    "redemptions": (
        "redemptions",
        "Redemption requests by result.",
        ["dialect", "result", "reason"],
    ),
    "tenant_redemptions": (
        "tenant_redemptions",
        "Redemption requests by tenant, campaign and result.",
        ["tenant", "campaign", "result", "reason"],
    ),
    "limited": ("rate_limited", "Requests that exceeded a rate limit.", ["budget"]),
    "messages": ("messages", "Messages that workers processed.", ["queue", "outcome"]),
    "relayed": (
        "relayed_events",
        "Events that the outbox relay published.",
        ["outcome"],
    ),
    "dropped_attempts": (
        "dropped_attempts",
        "Attempts of which details were not stored because there were too many.",
        [],
    ),
    "deliveries": ("webhook_deliveries", "Webhook deliveries by outcome.", ["outcome"]),
}

# Counted from zero, so that alerts see the first of these rare events as an increase.
INITIAL_OUTCOMES = {
    "relayed": ("sent", "not_taken", "buried"),
    "deliveries": (metrics.OK, metrics.FAILED),
}


class Collector(Protocol):
    """A collector that measures when Prometheus asks, instead of counting."""

    def collect(self) -> Iterable[Any]:
        """Return the current Prometheus metric families."""


def start(
    directory: Path,
    host: str,
    port: int,
    sample: Callable[[], None],
    collectors: Iterable[Collector] = (),
    tenant_limit: int = 0,
) -> None:
    """Record metrics in `directory` and serve them on `port`; 0 disables both.

    The processes of a program share both, so each of them serves the metrics of all.
    `sample` is called every second to record measurements that no event updates.
    `tenant_limit` tenants and campaigns are counted separately.
    """
    if not port:
        return
    directory.mkdir(parents=True, exist_ok=True)
    # prometheus-client reads this when it is first imported, so import it afterwards.
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(directory)
    metrics.install_metrics(_create_metrics())
    metrics.distinguish_tenants(directory, tenant_limit)
    _Server.sample = staticmethod(sample)
    server = _Server((host, port), _create_handler(directory, list(collectors)))
    threading.Thread(
        target=server.serve_forever, args=(SAMPLE_INTERVAL_SECONDS,), daemon=True
    ).start()
    log.info("metrics", host=host, port=port)


def _create_metrics() -> dict[str, Any]:
    from prometheus_client import Counter, Gauge, Histogram

    counters = {
        name: Counter(f"coupons_{title}", description, labelnames=labels)
        for name, (title, description, labels) in COUNTERS.items()
    }
    for name, outcomes in INITIAL_OUTCOMES.items():
        for outcome in outcomes:
            counters[name].labels(outcome)
    requests = Histogram(
        "coupons_request_seconds",
        "Time until the response to a request began.",
        labelnames=["method", "route", "status"],
        buckets=LATENCY_BUCKETS_SECONDS,
    )
    pool = Gauge(
        "coupons_pool_connections",
        "Open connections of the database pools.",
        labelnames=["state"],
        multiprocess_mode="livesum",
    )
    return {**counters, "requests": requests, "pool": pool}


class _MultiprocessFilesCollector:
    """Collects the metrics of all processes of the program."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def collect(self) -> Iterable[Any]:
        from prometheus_client.multiprocess import MultiProcessCollector

        with metrics_files.lock_directory(self.directory):
            metrics_files.merge_files_of_dead(self.directory)
            # A file is empty while its process creates it, and then cannot be read.
            files = [
                str(path) for path in self.directory.glob("*.db") if path.stat().st_size
            ]
            return list(MultiProcessCollector.merge(files))


def _create_handler(directory: Path, collectors: list[Collector]) -> Any:
    from prometheus_client import CollectorRegistry, MetricsHandler

    registry = CollectorRegistry()
    for collector in (_MultiprocessFilesCollector(directory), *collectors):
        registry.register(collector)
    handler = MetricsHandler.factory(registry)
    handler.timeout = 5  # type: ignore[attr-defined]
    return handler


class _Server(ThreadingHTTPServer):
    """Shares its port with the servers of the other processes (SO_REUSEPORT).

    The kernel chooses which one receives a request.
    """

    allow_reuse_port = True
    daemon_threads = True
    sample: Callable[[], None]

    def __init__(self, address: tuple[str, int], handler: Any) -> None:
        if ":" in address[0]:
            self.address_family = socket.AF_INET6
        super().__init__(address, handler)

    def server_bind(self) -> None:
        """Bind like HTTPServer, but without a DNS lookup of the host name."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]  # type: ignore[assignment]

    def service_actions(self) -> None:
        """Record the sampled measurements; called every second."""
        self.sample()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Log what is not the client's disconnection."""
        error = sys.exc_info()[1]
        if error and not isinstance(error, OSError):
            text, frames = describe_error(error), stack_frames(error)
            log.error("metrics failed", error=text, frames=frames)
