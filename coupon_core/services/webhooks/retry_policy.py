"""When to try again, and when to give a receiver up: pure, time is an argument."""

import random
from datetime import datetime, timedelta

from coupon_core.domain.models.webhooks import Webhook, WebhookResponse

INITIAL_PAUSE = timedelta(seconds=2)
PAUSE_GROWTH_FACTOR = 4
MAX_PAUSE = timedelta(hours=1)
JITTER_FACTOR = (
    0.25  # of a pause, added: receivers that fell together are not met together
)
DISABLE_AFTER, MIN_FAILURES_TO_DISABLE = timedelta(hours=24), 10
HTTP_GONE = 410

REASON_GONE = "the receiver answered 410 Gone"
REASON_ONLY_FAILURES = (
    f"nothing but failures for {DISABLE_AFTER.total_seconds() / 3600:.0f} hours and "
    f"{MIN_FAILURES_TO_DISABLE} requests at least"
)


def calculate_pause(failures: int, random_value: float | None = None) -> timedelta:
    """How long to wait after so many failures in a row: 2 s, 8 s, 32 s, … an hour.

    `random_value` is of 0 to 1, by default drawn.
    """
    grown = INITIAL_PAUSE * int(PAUSE_GROWTH_FACTOR ** min(failures - 1, 10))
    random_part = random.random() if random_value is None else random_value  # noqa: S311 - no secret
    return min(grown, MAX_PAUSE) * (1 + JITTER_FACTOR * random_part)


def get_disable_reason(
    webhook: Webhook, response: WebhookResponse, now: datetime
) -> str:
    """Why a webhook that has failed once more is switched off; "" if it is not."""
    if response.status == HTTP_GONE:
        return REASON_GONE
    since = webhook.failing_since or now
    has_failed_too_long = (
        now - since >= DISABLE_AFTER
        and webhook.failure_count + 1 >= MIN_FAILURES_TO_DISABLE
    )
    return REASON_ONLY_FAILURES if has_failed_too_long else ""
