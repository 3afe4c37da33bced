"""Metrics of the backlog, measured when Prometheus collects them."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

from coupon_core.domain.models import Page, utc_now
from coupon_core.messaging import inspection
from coupon_core.messaging.topology import BrokerUnavailable
from coupon_core.persistence import database, diagnostics
from coupon_core.services import outbox
from coupon_core.services.events import dead_letters
from coupon_core.services.insight import counting

SOURCE_ERRORS = (*diagnostics.DATABASE_ERRORS, BrokerUnavailable)


class BacklogCollector:
    """Collects queue depths, lags, dead letters and the state of the sources."""

    def __init__(self, broker_url: str) -> None:
        self.broker_url = broker_url

    def collect(self) -> Iterator[Any]:
        """Yield the current metric families."""
        from prometheus_client.core import GaugeMetricFamily

        up = GaugeMetricFamily(
            "coupons_up", "1 if the source responds, otherwise 0.", labels=["what"]
        )
        sources: dict[str, Callable[[], list[Any]]] = {
            "database": self._collect_database,
            "message_queue": self._collect_queues,
        }
        for name, collect_source in sources.items():
            families: list[Any] = []
            with suppress(*SOURCE_ERRORS):
                families = collect_source()
            up.add_metric([name], float(bool(families)))
            yield from families
        yield up

    def _collect_database(self) -> list[Any]:
        from prometheus_client.core import GaugeMetricFamily as Gauge

        try:
            pending_count, lag_seconds = outbox.measure_backlog(utc_now())
            uncounted_count, uncounted_seconds = counting.measure(utc_now())
            _, letter_count = dead_letters.list_dead_letters(None, Page(limit=1))
        finally:
            database.release_connection()
        return [
            Gauge(
                "coupons_outbox_pending",
                "Events that are not published yet.",
                value=pending_count,
            ),
            Gauge(
                "coupons_outbox_oldest_seconds",
                "Seconds that the oldest unpublished event has waited in the outbox.",
                value=lag_seconds,
            ),
            Gauge(
                "coupons_uncounted_events",
                "Events that reports do not contain yet.",
                value=uncounted_count,
            ),
            Gauge(
                "coupons_uncounted_oldest_seconds",
                "Seconds that the oldest event has waited to be counted.",
                value=uncounted_seconds,
            ),
            Gauge(
                "coupons_dead_letters",
                "Messages that could not be processed.",
                value=letter_count,
            ),
        ]

    def _collect_queues(self) -> list[Any]:
        from prometheus_client.core import GaugeMetricFamily

        depths = GaugeMetricFamily(
            "coupons_queue_messages",
            "Messages that wait in a queue.",
            labels=["queue"],
        )
        for depth in inspection.queue_depths(self.broker_url):
            depths.add_metric([depth.queue], depth.messages)
        return [depths]
