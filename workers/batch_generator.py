"""Makes the chunks of batches, one after the other, apart from what is urgent."""

import threading
from collections.abc import Callable

from coupon_core.domain.models import utc_now
from coupon_core.messaging.topology import GENERATION
from coupon_core.services import batches
from workers import consumer
from workers.consumer import Duty
from workers.interval_timer import Every

REDRIVE_SECONDS = 15.0


def run(
    broker_url: str, visibility: int, stop: threading.Event, beat: Callable[[], None]
) -> None:
    """Make chunks until `stop` is set, and drive on the batches that lie still."""
    due = Every(REDRIVE_SECONDS)

    def redrive() -> None:
        if due.is_due():
            batches.redrive(utc_now())

    # One is sent ahead, so that the next is there when this one is made.
    duty = Duty(frozenset({GENERATION}), prefetch=2, batch=1, now_and_then=redrive)
    consumer.run(broker_url, visibility, stop, beat, duty)
