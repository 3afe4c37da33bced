"""Send due deliveries to many webhooks concurrently."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

import structlog

from coupon_core.domain.models import Refused, utc_now
from coupon_core.domain.models.webhooks import Webhook
from coupon_core.persistence import database, diagnostics
from coupon_core.services.webhooks import delivery
from workers.interval_timer import IntervalTimer
from workers.outages import DATABASE, OUTAGES

log = structlog.get_logger("coupon.deliverer")

# Receivers may hang, therefore each is served by a thread of its own. A tenant has at
# most `delivery.MAX_CONCURRENT_PER_TENANT` of these threads.
MAX_CONCURRENT_DELIVERIES = 32
IDLE_PAUSE_SECONDS = 0.2
RETRY_PAUSE_SECONDS = 1.0
# Active requests may take this long when the process ends. Unfinished ones are sent
# again by another worker, as after a kill.
SHUTDOWN_GRACE_SECONDS = 3.0
PURGE_INTERVAL_SECONDS = 60.0
PURGE_BATCH_SIZE = 500


class DeliveryThreads:
    """The threads that serve webhooks, with their tenants."""

    def __init__(self) -> None:
        self.threads: dict[threading.Thread, str] = {}

    @property
    def active_counts(self) -> Counter[str]:
        """Return the number of webhooks of each tenant that are being served."""
        self.threads = {
            thread: tenant_id
            for thread, tenant_id in self.threads.items()
            if thread.is_alive()
        }
        return Counter(self.threads.values())

    def start(self, webhook: Webhook) -> None:
        """Serve a webhook in a new thread."""
        # A daemon thread: the process must be able to end while a receiver hangs.
        thread = threading.Thread(target=_deliver, args=(webhook,), daemon=True)
        self.threads[thread] = webhook.tenant_id
        thread.start()

    def join(self) -> None:
        """Wait for active threads, at most `SHUTDOWN_GRACE_SECONDS`."""
        deadline = time.monotonic() + SHUTDOWN_GRACE_SECONDS
        for thread in self.threads:
            thread.join(max(deadline - time.monotonic(), 0))


def _deliver(webhook: Webhook) -> None:
    try:
        delivery.deliver_due(webhook)
        OUTAGES.recover(webhook.webhook_id)
    except Refused:
        log.info("the webhook has gone", webhook=webhook.webhook_id)
    except diagnostics.DATABASE_ERRORS as error:
        # This thread ends; another one will serve the webhook.
        OUTAGES.fail("the database is away", error, DATABASE, webhook.webhook_id)
    except Exception:
        log.exception("a webhook cannot be served", webhook=webhook.webhook_id)
    finally:
        with suppress(*diagnostics.DATABASE_ERRORS):
            database.release_connection()


def run(stop: threading.Event, beat: Callable[[], None]) -> None:
    """Deliver until `stop` is set; retry when the database fails."""
    delivery_threads = DeliveryThreads()
    purge_timer = IntervalTimer(PURGE_INTERVAL_SECONDS)
    while not stop.is_set():
        pause = IDLE_PAUSE_SECONDS
        try:
            run_once(delivery_threads, utc_now())
            OUTAGES.recover()
            if purge_timer.is_due():
                delivery.purge(utc_now(), PURGE_BATCH_SIZE)
        except diagnostics.DATABASE_ERRORS as error:
            OUTAGES.fail("cannot deliver", error, DATABASE)
            pause = RETRY_PAUSE_SECONDS
            with suppress(*diagnostics.DATABASE_ERRORS):
                database.release_connection()
        beat()
        stop.wait(pause)
    delivery_threads.join()
    with suppress(*diagnostics.DATABASE_ERRORS):
        database.release_connection()


def run_once(delivery_threads: DeliveryThreads, now: datetime) -> int:
    """Start to serve due webhooks up to the thread limit; return their number."""
    active_counts = delivery_threads.active_counts
    free_slots = MAX_CONCURRENT_DELIVERIES - active_counts.total()
    webhooks = (
        delivery.claim_webhooks(free_slots, now, active_counts) if free_slots else []
    )
    for webhook in webhooks:
        delivery_threads.start(webhook)
    return len(webhooks)
