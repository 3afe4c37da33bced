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
from coupon_core.observability.error_summary import kind_of
from coupon_core.persistence import database, diagnostics
from coupon_core.services.webhooks import delivery
from workers.interval_timer import Every

log = structlog.get_logger("coupon.deliverer")

# Receivers may hang; each has a thread of its own while it is served. Of these a
# tenant has at most delivering.MOST_OF_TENANT.
MOST_AT_ONCE = 32
IDLE_SECONDS = 0.2
AGAIN_SECONDS = 1.0
# What is under way when the process is to end gets so long; what is left then is
# sent again by another worker, as after a kill.
GRACE_SECONDS = 3.0
PURGE_SECONDS, PURGE_BATCH = 60.0, 500


class Turns:
    """The webhooks that are being served, each by a thread."""

    def __init__(self) -> None:
        self.threads: dict[threading.Thread, str] = {}

    @property
    def serving(self) -> Counter[str]:
        """How many of each tenant are being served now."""
        alive = {thread: of for thread, of in self.threads.items() if thread.is_alive()}
        self.threads = alive
        return Counter(alive.values())

    def begin(self, webhook: Webhook) -> None:
        """Serve a webhook, beside the others."""
        # A daemon, for the process must not wait for a receiver to end.
        thread = threading.Thread(target=_serve, args=(webhook,), daemon=True)
        self.threads[thread] = webhook.tenant_id
        thread.start()

    def end(self) -> None:
        """Wait for those that are under way, but not for long."""
        deadline = time.monotonic() + GRACE_SECONDS
        for thread in self.threads:
            thread.join(max(deadline - time.monotonic(), 0))


def _serve(webhook: Webhook) -> None:
    try:
        delivery.serve(webhook)
    except Refused:
        log.info("the webhook has gone", webhook=webhook.webhook_id)
    except diagnostics.FAILURES as error:
        log.warning("the database is away", error=kind_of(error))
    except Exception:
        log.exception("a webhook cannot be served", webhook=webhook.webhook_id)
    finally:
        with suppress(*diagnostics.FAILURES):
            database.release()


def run(stop: threading.Event, beat: Callable[[], None]) -> None:
    """Deliver until `stop` is set; what is away is waited for."""
    turns, cleaning = Turns(), Every(PURGE_SECONDS)
    while not stop.is_set():
        beat()
        try:
            run_once(turns, utc_now())
            if cleaning.is_due():
                delivery.purge(utc_now(), PURGE_BATCH)
            stop.wait(IDLE_SECONDS)
        except diagnostics.FAILURES as error:
            log.warning("cannot deliver", error=kind_of(error))
            with suppress(*diagnostics.FAILURES):
                database.release()
            stop.wait(AGAIN_SECONDS)
    turns.end()
    with suppress(*diagnostics.FAILURES):
        database.release()


def run_once(turns: Turns, now: datetime) -> int:
    """Begin to serve what is due, as far as there is room; gives how many webhooks."""
    serving = turns.serving
    free = MOST_AT_ONCE - serving.total()
    webhooks = delivery.take(free, now, serving) if free else []
    for webhook in webhooks:
        turns.begin(webhook)
    return len(webhooks)
