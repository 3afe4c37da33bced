"""Decide when to retry a delivery and when to disable a webhook (pure functions)."""

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
# The part of a pause that is added at random, so that receivers that failed at the
# same time are not retried at the same time.
JITTER_FACTOR = 0.25
DISABLE_AFTER, MIN_FAILURES_TO_DISABLE = timedelta(hours=24), 10
# A claim lasts for the timeout of the webhook and this margin. After that other
# workers assume that its worker has died.
CLAIM_MARGIN = timedelta(seconds=10)
# A failing receiver is retried at least this often while deliveries are due.
MAX_FAILURE_PAUSE = timedelta(minutes=5)

REASON_GONE = "the receiver answered 410 Gone"
REASON_ONLY_FAILURES = (
    f"all requests failed for {DISABLE_AFTER.total_seconds() / 3600:.0f} hours, "
    f"at least {MIN_FAILURES_TO_DISABLE} of them"
)


def calculate_pause(failures: int, random_value: float | None = None) -> timedelta:
    """Return the pause after `failures` failures in a row: 2 s, 8 s, 32 s, … 1 h.

    `random_value` is between 0 and 1 and determines the jitter; by default random.
    """
    grown = INITIAL_PAUSE * int(PAUSE_GROWTH_FACTOR ** min(failures - 1, 10))
    random_part = random.random() if random_value is None else random_value  # noqa: S311 - no secret
    return min(grown, MAX_PAUSE) * (1 + JITTER_FACTOR * random_part)


def get_disable_reason(
    webhook: Webhook, response: WebhookResponse, now: datetime
) -> str:
    """Return why a webhook is disabled after a failure, or "" if it is not."""
    if response.status == HTTPStatus.GONE:
        return REASON_GONE
    since = webhook.failing_since or now
    has_failed_too_long = (
        now - since >= DISABLE_AFTER
        and webhook.failure_count + 1 >= MIN_FAILURES_TO_DISABLE
    )
    return REASON_ONLY_FAILURES if has_failed_too_long else ""


def get_latest_turn(webhook: Webhook, now: datetime) -> datetime:
    """Return when every claim of a webhook that was made until now has ended."""
    return now + timedelta(milliseconds=webhook.timeout_ms) + CLAIM_MARGIN


def get_attempt_status(
    response: WebhookResponse, attempts: int, webhook: Webhook, is_resend: bool = False
) -> AttemptStatus:
    """Return the status of a delivery after `attempts` attempts."""
    if response.is_success:
        return AttemptStatus.SUCCESS
    is_last = is_resend or attempts >= webhook.max_attempts
    return AttemptStatus.FAILED if is_last else AttemptStatus.RETRYING


def get_webhook_changes(
    webhook: Webhook,
    url: str,
    response: WebhookResponse,
    now: datetime,
    keep_claim: bool,
) -> dict[str, Any]:
    """Return the changes to a webhook after a request to `url`."""
    if response.is_success:
        until = get_latest_turn(webhook, now) if keep_claim else now
        return {"failure_count": 0, "failing_since": None, "next_turn_at": until}
    # The URL has changed since: the response says nothing about the new one.
    if webhook.url != url:
        return {"next_turn_at": now}
    failures = webhook.failure_count + 1
    reason = get_disable_reason(webhook, response, now)
    return {
        "failure_count": failures,
        "failing_since": webhook.failing_since or now,
        "next_turn_at": now + min(calculate_pause(failures), MAX_FAILURE_PAUSE),
        **({"is_active": False, "inactive_reason": reason} if reason else {}),
    }
