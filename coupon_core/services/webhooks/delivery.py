"""Deliver events to webhooks: create deliveries, send them and record attempts."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import takewhile
from types import MappingProxyType

import structlog

from coupon_core.domain.models import utc_now
from coupon_core.domain.models.webhooks import (
    Delivery,
    SignatureScheme,
    Webhook,
    WebhookResponse,
    WebhookSecrets,
)
from coupon_core.observability import metrics
from coupon_core.persistence import database
from coupon_core.persistence.database import transaction
from coupon_core.persistence.repositories import webhook_attempts
from coupon_core.persistence.repositories import (
    webhook_deliveries as webhook_delivery_repository,
)
from coupon_core.persistence.repositories import webhooks as webhook_repository
from coupon_core.services.webhooks import retry_policy
from coupon_core.services.webhooks.new_deliveries import CloudEvent, build_deliveries
from coupon_core.services.webhooks.retry_policy import CLAIM_MARGIN
from coupon_core.services.webhooks.signed_requests import load_secrets, send_events

log = structlog.get_logger("coupon.webhooks")

BATCH_SIZES: Mapping[SignatureScheme, int] = {
    SignatureScheme.PLAYCAMP: 50,
    SignatureScheme.PLAYCAMP_TIMESTAMPED: 50,
    # Standard Webhooks has no batches.
    SignatureScheme.STANDARD: 1,
}
# After this time the worker continues with another webhook, even if this one has
# more deliveries.
TIME_SLICE_SECONDS = 5.0
# Limits how many threads the hanging receivers of one tenant can occupy in a process,
# so that other tenants are still served.
MAX_CONCURRENT_PER_TENANT = 8
DELIVERY_RETENTION = timedelta(days=7)
"""How long deliveries and their log are kept, independent of their outcome."""


def create_deliveries(events: Sequence[CloudEvent], now: datetime) -> list[int]:
    """Store the deliveries of events; return the number of new ones for each event.

    A repeated event creates no second delivery.
    """
    deliveries_by_event = build_deliveries(events, now)
    if not any(deliveries_by_event):
        return [0] * len(events)
    with transaction():
        return list(map(webhook_delivery_repository.add, deliveries_by_event))


def claim_webhooks(
    limit: int, now: datetime, active_counts: Mapping[str, int] = MappingProxyType({})
) -> list[Webhook]:
    """Claim and return webhooks with due deliveries.

    `active_counts` holds how many webhooks of each tenant the caller already serves.
    """
    return webhook_delivery_repository.claim_webhooks(
        limit,
        now,
        margin=CLAIM_MARGIN,
        max_per_tenant=MAX_CONCURRENT_PER_TENANT,
        active_counts=active_counts,
    )


def deliver_due(webhook: Webhook) -> None:
    """Send due deliveries until none is left, one fails or the time slice ends."""
    ends_at = time.monotonic() + TIME_SLICE_SECONDS
    current: Webhook | None = webhook
    keys = load_secrets(webhook, utc_now())
    while current:
        current = _send_batch(current, keys, ends_at)


def _send_batch(
    webhook: Webhook, keys: WebhookSecrets, ends_at: float
) -> Webhook | None:
    """Send one request; return the webhook if there may be more to send."""
    started_at = utc_now()
    due = webhook_delivery_repository.list_due_deliveries(
        webhook, BATCH_SIZES[webhook.signature], started_at
    )
    batch = list(_select_batch(due))
    if not batch:
        _release_webhook(webhook, started_at)
        return None
    # Other threads need the connection while the receiver responds.
    database.release_connection()
    response = send_events(
        webhook,
        keys,
        message_id=batch[0].event_id,
        events=[delivery.payload for delivery in batch],
        now=started_at,
        traceparents=[delivery.traceparent for delivery in batch],
    )
    return record_attempt(
        webhook,
        batch,
        response=response,
        started_at=started_at,
        keep_claim=time.monotonic() < ends_at,
    )


def _select_batch(due: Sequence[Delivery]) -> Iterator[Delivery]:
    """Yield the deliveries that can share a request: those with equal attempt counts.

    A delivery that fails repeatedly must not delay new ones, and a resend has no
    retries.
    """

    def get_group(delivery: Delivery) -> tuple[int, bool]:
        return delivery.attempt_count, delivery.is_resend

    return takewhile(lambda delivery: get_group(delivery) == get_group(due[0]), due)


def _release_webhook(webhook: Webhook, now: datetime) -> None:
    with transaction():
        changes = {"next_turn_at": now}
        webhook_repository.update(webhook.tenant_id, webhook.webhook_id, changes)


def record_attempt(
    webhook: Webhook,
    due: Sequence[Delivery],
    response: WebhookResponse,
    started_at: datetime,
    keep_claim: bool = False,
    ended_at: datetime | None = None,
) -> Webhook | None:
    """Record the outcome of a request; return the webhook if more can be sent."""
    now = ended_at or utc_now()
    tenant_id, webhook_id = webhook.tenant_id, webhook.webhook_id
    attempts = due[0].attempt_count + 1
    with transaction():
        current = webhook_repository.find(tenant_id, webhook_id, lock=True)
        if current is None:
            return None
        status = retry_policy.get_attempt_status(
            response, attempts, current, due[0].is_resend
        )
        changes = retry_policy.get_webhook_changes(
            current, webhook.url, response=response, now=now, keep_claim=keep_claim
        )
        webhook_repository.update(tenant_id, webhook_id, changes)
        times = started_at, now, now + retry_policy.calculate_pause(attempts)
        webhook_attempts.record_attempts(due, [status] * len(due), response, times)
    after = replace(current, **changes)
    _log_attempt(after, response, len(due))
    return after if keep_claim and response.is_success and after.is_active else None


def _log_attempt(webhook: Webhook, response: WebhookResponse, count: int) -> None:
    log_fields = {"tenant": webhook.tenant_id, "webhook": webhook.webhook_id}
    metrics.count_delivery(metrics.OK if response.is_success else metrics.FAILED)
    if response.is_success:
        log.info("delivered", events=count, **log_fields)
        return
    log.warning(
        "not delivered", status=response.status, error=response.error, **log_fields
    )
    if webhook.inactive_reason:
        log.warning("switched off", reason=webhook.inactive_reason, **log_fields)


def purge(now: datetime, limit: int) -> int:
    """Delete up to `limit` expired deliveries with their log; return the count.

    Deliveries that are still pending by then belong to webhooks that were disabled.
    """
    return webhook_delivery_repository.purge(now - DELIVERY_RETENTION, limit)
