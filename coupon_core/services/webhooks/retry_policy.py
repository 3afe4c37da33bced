"""When to try again, and when to give a receiver up: pure, time is an argument."""

import random
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

from coupon_core.domain.models.webhooks import (
    AttemptStatus,
    Webhook,
    WebhookResponse,
)

INITIAL_PAUSE = timedelta(seconds=2)
PAUSE_GROWTH_FACTOR = 4
MAX_PAUSE = timedelta(hours=1)
# Of a pause, added: receivers that fell together are not met together.
JITTER_FACTOR = 0.25
DISABLE_AFTER, MIN_FAILURES_TO_DISABLE = timedelta(hours=24), 10
# A worker that dies holds a webhook for its timeout and so much more.
CLAIM_MARGIN = timedelta(seconds=10)
# A receiver that fails is tried at least so often while anything is due to it.
MAX_FAILURE_PAUSE = timedelta(minutes=5)

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
    if response.status == HTTPStatus.GONE:
        return REASON_GONE
    since = webhook.failing_since or now
    has_failed_too_long = (
        now - since >= DISABLE_AFTER
        and webhook.failure_count + 1 >= MIN_FAILURES_TO_DISABLE
    )
    return REASON_ONLY_FAILURES if has_failed_too_long else ""


def get_attempt_status(
    response: WebhookResponse, attempts: int, webhook: Webhook
) -> AttemptStatus:
    """Return the status of a delivery after `attempts` attempts."""
    if response.is_success:
        return AttemptStatus.SUCCESS
    is_last = attempts >= webhook.max_attempts
    return AttemptStatus.FAILED if is_last else AttemptStatus.RETRYING


def get_webhook_changes(
    webhook: Webhook,
    url: str,
    response: WebhookResponse,
    now: datetime,
    keep_claim: bool,
) -> dict[str, Any]:
    """What a request's answer does to its webhook."""
    timeout = timedelta(milliseconds=webhook.timeout_ms)
    if response.is_success:
        until = now + timeout + CLAIM_MARGIN if keep_claim else now
        return {"failure_count": 0, "failing_since": None, "next_turn_at": until}
    if webhook.url != url:  # changed meanwhile: this says nothing of the new one
        return {"next_turn_at": now}
    failures = webhook.failure_count + 1
    reason = get_disable_reason(webhook, response, now)
    return {
        "failure_count": failures,
        "failing_since": webhook.failing_since or now,
        "next_turn_at": now + min(calculate_pause(failures), MAX_FAILURE_PAUSE),
        **({"is_active": False, "inactive_reason": reason} if reason else {}),
    }
