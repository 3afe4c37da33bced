"""The deliverer: sends what is due to webhooks, many of them side by side."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

import structlog

from coupon_core.domain.models import Refused, utc_now
from coupon_core.domain.models.webhooks import Webhook
from coupon_core.observability.error_summary import describe_error
from coupon_core.persistence import database, diagnostics
from coupon_core.services.webhooks import delivery
from workers.interval_timer import IntervalTimer

log = structlog.get_logger("coupon.deliverer")

# Receivers may hang; each has a thread of its own while it is served. Of these a
# tenant has at most `delivery.MAX_CONCURRENT_PER_TENANT`.
MAX_CONCURRENT_DELIVERIES = 32
IDLE_PAUSE_SECONDS = 0.2
RETRY_PAUSE_SECONDS = 1.0
# What is under way when the process is to end gets so long; what is left then is
# sent again by another worker, as after a kill.
SHUTDOWN_GRACE_SECONDS = 3.0
PURGE_INTERVAL_SECONDS = 60.0
PURGE_BATCH_SIZE = 500


class DeliveryThreads:
    """The webhooks that are being served, each by a thread."""

    def __init__(self) -> None:
        self.threads: dict[threading.Thread, str] = {}

    @property
    def active_counts(self) -> Counter[str]:
        """How many of each tenant are being served now."""
        self.threads = {
            thread: tenant_id
            for thread, tenant_id in self.threads.items()
            if thread.is_alive()
        }
        return Counter(self.threads.values())

    def start(self, webhook: Webhook) -> None:
        """Serve a webhook, beside the others."""
        # A daemon, for the process must not wait for a receiver to end.
        thread = threading.Thread(target=_deliver, args=(webhook,), daemon=True)
        self.threads[thread] = webhook.tenant_id
        thread.start()

    def join(self) -> None:
        """Wait for those that are under way, but not for long."""
        deadline = time.monotonic() + SHUTDOWN_GRACE_SECONDS
        for thread in self.threads:
            thread.join(max(deadline - time.monotonic(), 0))


def _deliver(webhook: Webhook) -> None:
    try:
        delivery.deliver_due(webhook)
    except Refused:
        log.info("the webhook has gone", webhook=webhook.webhook_id)
    except diagnostics.DATABASE_ERRORS as error:
        log.warning("the database is away", error=describe_error(error))
    except Exception:
        log.exception("a webhook cannot be served", webhook=webhook.webhook_id)
    finally:
        with suppress(*diagnostics.DATABASE_ERRORS):
            database.release_connection()


def run(stop: threading.Event, beat: Callable[[], None]) -> None:
    """Deliver until `stop` is set; what is away is waited for."""
    delivery_threads = DeliveryThreads()
    purge_timer = IntervalTimer(PURGE_INTERVAL_SECONDS)
    while not stop.is_set():
        beat()
        try:
            run_once(delivery_threads, utc_now())
            if purge_timer.is_due():
                delivery.purge(utc_now(), PURGE_BATCH_SIZE)
            stop.wait(IDLE_PAUSE_SECONDS)
        except diagnostics.DATABASE_ERRORS as error:
            log.warning("cannot deliver", error=describe_error(error))
            with suppress(*diagnostics.DATABASE_ERRORS):
                database.release_connection()
            stop.wait(RETRY_PAUSE_SECONDS)
    delivery_threads.join()
    with suppress(*diagnostics.DATABASE_ERRORS):
        database.release_connection()


def run_once(delivery_threads: DeliveryThreads, now: datetime) -> int:
    """Begin to serve what is due, as far as there is room; gives how many webhooks."""
    active_counts = delivery_threads.active_counts
    free_slots = MAX_CONCURRENT_DELIVERIES - active_counts.total()
    webhooks = (
        delivery.claim_webhooks(free_slots, now, active_counts) if free_slots else []
    )
    for webhook in webhooks:
        delivery_threads.start(webhook)
    return len(webhooks)
