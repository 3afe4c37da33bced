"""What waits, as metrics: looked at when Prometheus asks for it."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

from coupon_core.domain.models import Page, utc_now
from coupon_core.messaging import inspection
from coupon_core.messaging.topology import BusAway
from coupon_core.persistence import database, diagnostics
from coupon_core.services import outbox
from coupon_core.services.events import dead_letters

AWAY = (*diagnostics.FAILURES, BusAway)


class Backlog:
    """Queue depths, the outbox's lag, dead letters; what is away is told as that."""

    def __init__(self, broker_url: str) -> None:
        self.broker_url = broker_url

    def collect(self) -> Iterator[Any]:
        """Prometheus' metric families as they are now."""
        from prometheus_client.core import GaugeMetricFamily

        up = GaugeMetricFamily("coupons_up", "Whether it answers.", labels=["what"])
        sources: dict[str, Callable[[], list[Any]]] = {
            "database": self._stored,
            "message_queue": self._queued,
        }
        for name, look in sources.items():
            found: list[Any] = []
            with suppress(*AWAY):
                found = look()
            up.add_metric([name], float(bool(found)))
            yield from found
        yield up

    def _stored(self) -> list[Any]:
        from prometheus_client.core import GaugeMetricFamily as Gauge

        try:
            count, seconds = outbox.pending(utc_now())
            letters = dead_letters.listed(None, Page(limit=1))[1]
        finally:
            database.release()
        return [
            Gauge("coupons_outbox_pending", "Events not published.", value=count),
            Gauge("coupons_outbox_oldest_seconds", "Age of the oldest.", value=seconds),
            Gauge("coupons_dead_letters", "Messages not processed.", value=letters),
        ]

    def _queued(self) -> list[Any]:
        from prometheus_client.core import GaugeMetricFamily

        help_ = "Messages that wait in a queue."
        depths = GaugeMetricFamily("coupons_queue_messages", help_, labels=["queue"])
        for depth in inspection.depths(self.broker_url):
            depths.add_metric([depth.queue], depth.messages)
        return [depths]
