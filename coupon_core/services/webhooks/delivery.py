"""From an event to its receivers: due once to each, sent until it is taken."""

import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import takewhile
from types import MappingProxyType
from typing import Any

import structlog

from coupon_core.domain.models import utc_now
from coupon_core.domain.models.webhooks import (
    AttemptStatus,
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
from coupon_core.services.campaigns import packages
from coupon_core.services.webhooks import retry_policy
from coupon_core.services.webhooks.payloads import EVENT_TYPES, serialize_event
from coupon_core.services.webhooks.subscriptions import load_secrets, send_events

log = structlog.get_logger("coupon.webhooks")

BATCH_SIZES: Mapping[SignatureScheme, int] = {
    SignatureScheme.PLAYCAMP: 50,
    SignatureScheme.PLAYCAMP_TIMESTAMPED: 50,
    SignatureScheme.STANDARD: 1,  # its messages are single
}
# A worker that dies holds a webhook for its timeout and so much more.
CLAIM_MARGIN = timedelta(seconds=10)
# After so long it is another webhook's turn, though this one has more.
TIME_SLICE_SECONDS = 5.0
# So many of a tenant are served by a process at once, though all its receivers hang:
# other tenants come too.
MAX_CONCURRENT_PER_TENANT = 8
# A receiver that fails is tried at least so often while anything is due to it.
MAX_FAILURE_PAUSE = timedelta(minutes=5)
DELIVERY_RETENTION = timedelta(days=7)
"""How long deliveries and their log are kept, whatever became of them."""

CloudEvent = Mapping[str, Any]


def create_deliveries(events: Sequence[CloudEvent], now: datetime) -> list[int]:
    """Make each CloudEvent due to all who want it; gives for each to how many new ones.

    An event that comes again is due to nobody twice.
    """
    listeners_by_type = defaultdict(list)
    tenant_ids = {one["tenantid"] for one in events if one["type"] in EVENT_TYPES}
    for (
        tenant_id,
        webhook_id,
        event_type,
        form,
    ) in webhook_delivery_repository.list_subscriptions(tenant_ids):
        listeners_by_type[tenant_id, event_type].append((webhook_id, form))
    deliveries = [
        _build_deliveries(one, listeners_by_type[one["tenantid"], one["type"]], now)
        for one in events
    ]
    if not any(deliveries):
        return [0 for _ in deliveries]
    with transaction():
        return [webhook_delivery_repository.add(some) for some in deliveries]


def _build_deliveries(
    event: CloudEvent, listeners: Sequence[tuple[int, SignatureScheme]], now: datetime
) -> list[Delivery]:
    # Whose code it was is looked up here, so that no redeem need wait for it.
    if listeners and event["type"] == "coupon.redeemed":
        event = {**event, "data": {**_load_attribution(event), **event["data"]}}
    return [_build_delivery(event, *listener, now) for listener in listeners]


def _load_attribution(event: CloudEvent) -> dict[str, Any]:
    code = event["data"]["coupon"]["code"]
    attribution = packages.get_attribution(event["tenantid"], code)
    if attribution.package is None:
        return {}
    ids = {
        "creator_key": attribution.creator_key,
        "campaign_id": attribution.package.campaign_id,
    }
    return {"attribution": ids, "reward_lines": [*attribution.package.rewards]}


def _build_delivery(
    event: CloudEvent, webhook_id: int, form: SignatureScheme, now: datetime
) -> Delivery:
    ids = event["tenantid"], webhook_id, event["id"], event["type"]
    return Delivery(*ids, serialize_event(form, event), 0, now)


def claim_webhooks(
    limit: int, now: datetime, active_counts: Mapping[str, int] = MappingProxyType({})
) -> list[Webhook]:
    """Webhooks that something is due to, for the caller alone to serve.

    `active_counts` tells how many of each tenant the caller is serving already.
    """
    return webhook_delivery_repository.claim_webhooks(
        limit, now, CLAIM_MARGIN, MAX_CONCURRENT_PER_TENANT, active_counts
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
    due = list(
        _select_batch(
            webhook_delivery_repository.list_due_deliveries(
                webhook, BATCH_SIZES[webhook.signature], started_at
            )
        )
    )
    if not due:
        _release_webhook(webhook, started_at)
        return None
    database.release_connection()  # others need the connection while the receiver thinks
    sent = [delivery.payload for delivery in due]
    response = send_events(webhook, keys, due[0].event_id, sent, started_at)
    return record_attempt(
        webhook, due, response, started_at, time.monotonic() < ends_at
    )


def _select_batch(due: Sequence[Delivery]) -> Iterator[Delivery]:
    """What may share a request: an event that fails again takes no new one along."""
    return takewhile(lambda one: one.attempt_count == due[0].attempt_count, due)


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
    now, ids = ended_at or utc_now(), (webhook.tenant_id, webhook.webhook_id)
    attempts = due[0].attempt_count + 1
    with transaction():
        current = webhook_repository.find(*ids, lock=True)
        if current is None:
            return None
        status = _get_attempt_status(response, attempts, current)
        changes = _get_webhook_changes(current, webhook.url, response, now, keep_claim)
        webhook_repository.update(*ids, changes)
        times = started_at, now, now + retry_policy.calculate_pause(attempts)
        webhook_attempts.record_attempts(due, [status] * len(due), response, times)
    after = replace(current, **changes)
    _log_attempt(after, response, len(due))
    return after if keep_claim and response.is_success and after.is_active else None


def _get_attempt_status(
    response: WebhookResponse, attempts: int, webhook: Webhook
) -> AttemptStatus:
    if response.is_success:
        return AttemptStatus.SUCCESS
    is_last = attempts >= webhook.max_attempts
    return AttemptStatus.FAILED if is_last else AttemptStatus.RETRYING


def _get_webhook_changes(
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
    reason = retry_policy.get_disable_reason(webhook, response, now)
    return {
        "failure_count": failures,
        "failing_since": webhook.failing_since or now,
        "next_turn_at": now
        + min(retry_policy.calculate_pause(failures), MAX_FAILURE_PAUSE),
        **({"is_active": False, "inactive_reason": reason} if reason else {}),
    }


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
