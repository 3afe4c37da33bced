"""Makes the chunks of batches, one after the other, apart from what is urgent."""

import threading
from collections.abc import Callable

from coupon_core.domain.models import utc_now
from coupon_core.messaging.topology import GENERATION_QUEUE
from coupon_core.services import batches
from workers import consumer
from workers.consumer import ConsumerConfig
from workers.interval_timer import IntervalTimer

REQUEUE_INTERVAL_SECONDS = 15.0


def run(
    broker_url: str,
    visibility_seconds: int,
    stop: threading.Event,
    beat: Callable[[], None],
) -> None:
    """Make chunks until `stop` is set, and drive on the batches that lie still."""
    requeue_timer = IntervalTimer(REQUEUE_INTERVAL_SECONDS)

    def requeue_if_due() -> None:
        if requeue_timer.is_due():
            batches.requeue_stalled_batches(utc_now())

    # One is sent ahead, so that the next is there when this one is made.
    config = ConsumerConfig(
        frozenset({GENERATION_QUEUE}),
        prefetch=2,
        batch_size=1,
        on_iteration=requeue_if_due,
    )
    consumer.run(broker_url, visibility_seconds, stop, beat, config)
