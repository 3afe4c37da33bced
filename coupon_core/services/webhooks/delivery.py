"""From an event to its receivers: due once to each, sent until it is taken."""

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
    SignatureScheme.STANDARD: 1,  # its messages are single
}
# After so long it is another webhook's turn, though this one has more.
TIME_SLICE_SECONDS = 5.0
# So many of a tenant are served by a process at once, though all its receivers hang:
# other tenants come too.
MAX_CONCURRENT_PER_TENANT = 8
DELIVERY_RETENTION = timedelta(days=7)
"""How long deliveries and their log are kept, whatever became of them."""


def create_deliveries(events: Sequence[CloudEvent], now: datetime) -> list[int]:
    """Make each CloudEvent due to all who want it; gives for each to how many new ones.

    An event that comes again is due to nobody twice.
    """
    deliveries_by_event = build_deliveries(events, now)
    if not any(deliveries_by_event):
        return [0] * len(events)
    with transaction():
        return list(map(webhook_delivery_repository.add, deliveries_by_event))


def claim_webhooks(
    limit: int, now: datetime, active_counts: Mapping[str, int] = MappingProxyType({})
) -> list[Webhook]:
    """Webhooks that something is due to, for the caller alone to serve.

    `active_counts` tells how many of each tenant the caller is serving already.
    """
    return webhook_delivery_repository.claim_webhooks(
        limit,
        now,
        margin=CLAIM_MARGIN,
        max_per_tenant=MAX_CONCURRENT_PER_TENANT,
        active_counts=active_counts,
    )


def deliver_due(webhook: Webhook) -> None:
    """Send a webhook what is due to it until all is sent, it fails, or time is up."""
    ends_at = time.monotonic() + TIME_SLICE_SECONDS
    current: Webhook | None = webhook
    keys = load_secrets(webhook, utc_now())
    while current:
        current = _send_batch(current, keys, ends_at)


def _send_batch(
    webhook: Webhook, keys: WebhookSecrets, ends_at: float
) -> Webhook | None:
    """One request; gives the webhook when there may be more to send."""
    started_at = utc_now()
    due = webhook_delivery_repository.list_due_deliveries(
        webhook, BATCH_SIZES[webhook.signature], started_at
    )
    batch = list(_select_batch(due))
    if not batch:
        _release_webhook(webhook, started_at)
        return None
    # Others need the connection while the receiver thinks.
    database.release_connection()
    payloads = [delivery.payload for delivery in batch]
    response = send_events(
        webhook, keys, message_id=batch[0].event_id, events=payloads, now=started_at
    )
    return record_attempt(
        webhook,
        batch,
        response=response,
        started_at=started_at,
        keep_claim=time.monotonic() < ends_at,
    )


def _select_batch(due: Sequence[Delivery]) -> Iterator[Delivery]:
    """What may share a request: an event that fails again takes no new one along."""
    return takewhile(
        lambda delivery: delivery.attempt_count == due[0].attempt_count, due
    )


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
    """Note how a request went; gives the webhook if the caller goes on with it."""
    now = ended_at or utc_now()
    tenant_id, webhook_id = webhook.tenant_id, webhook.webhook_id
    attempts = due[0].attempt_count + 1
    with transaction():
        current = webhook_repository.find(tenant_id, webhook_id, lock=True)
        if current is None:
            return None
        status = retry_policy.get_attempt_status(response, attempts, current)
        changes = retry_policy.get_webhook_changes(
            current, webhook.url, response=response, now=now, keep_claim=keep_claim
        )
        webhook_repository.update(tenant_id, webhook_id, changes)
        times = started_at, now, now + retry_policy.calculate_pause(attempts)
        webhook_delivery_repository.record_attempts(
            due, [status] * len(due), response, times
        )
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
    """Forget up to `limit` deliveries whose time is up, with their log; gives how many.

    What is still pending then is of a webhook that was switched off meanwhile.
    """
    return webhook_delivery_repository.purge(now - DELIVERY_RETENTION, limit)
