"""Generate chunks of batches and of code jobs, apart from urgent messages."""

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
    """Generate chunks until `stop` is set, and requeue stalled batches."""
    requeue_timer = IntervalTimer(REQUEUE_INTERVAL_SECONDS)

    def requeue_if_due() -> None:
        if requeue_timer.is_due():
            batches.requeue_stalled_batches(utc_now())

    # Prefetches one chunk more, so that the next is available when this one is done.
    config = ConsumerConfig(
        frozenset({GENERATION_QUEUE}),
        prefetch=2,
        batch_size=1,
        on_iteration=requeue_if_due,
    )
    consumer.run(broker_url, visibility_seconds, stop=stop, beat=beat, config=config)
