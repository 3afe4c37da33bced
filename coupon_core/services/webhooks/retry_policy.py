"""When to try again, and when to give a receiver up: pure, time is an argument."""

import random
from datetime import datetime, timedelta

from coupon_core.domain.models.webhooks import Answer, Webhook

FIRST_PAUSE = timedelta(seconds=2)
GROWTH = 4
LONGEST_PAUSE = timedelta(hours=1)
JITTER = 0.25  # of a pause, added: receivers that fell together are not met together
OFF_AFTER, OFF_FAILURES = timedelta(hours=24), 10
GONE = 410

SAID_GONE = "the receiver answered 410 Gone"
ONLY_FAILED = (
    f"nothing but failures for {OFF_AFTER.total_seconds() / 3600:.0f} hours and "
    f"{OFF_FAILURES} requests at least"
)


def pause(failures: int, chance: float | None = None) -> timedelta:
    """How long to wait after so many failures in a row: 2 s, 8 s, 32 s, … an hour.

    `chance` is of 0 to 1, by default drawn.
    """
    grown = FIRST_PAUSE * int(GROWTH ** min(failures - 1, 10))
    drawn = random.random() if chance is None else chance  # noqa: S311 - no secret
    return min(grown, LONGEST_PAUSE) * (1 + JITTER * drawn)


def reason_to_stop(webhook: Webhook, answer: Answer, now: datetime) -> str:
    """Why a webhook that has failed once more is switched off; "" if it is not."""
    if answer.status == GONE:
        return SAID_GONE
    since = webhook.failing_since or now
    lasts = now - since >= OFF_AFTER and webhook.failure_count + 1 >= OFF_FAILURES
    return ONLY_FAILED if lasts else ""
