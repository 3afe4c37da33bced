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
    Answer,
    AttemptStatus,
    Delivery,
    SignatureForm,
    Webhook,
    WebhookSecrets,
)
from coupon_core.observability import metrics
from coupon_core.persistence import database
from coupon_core.persistence.database import transaction
from coupon_core.persistence.repositories import webhook_deliveries as store
from coupon_core.persistence.repositories import webhooks as webhook_store
from coupon_core.services.campaigns import packages
from coupon_core.services.webhooks import retry_policy
from coupon_core.services.webhooks.payloads import EVENT_TYPES, payload
from coupon_core.services.webhooks.subscriptions import secrets_of, send

log = structlog.get_logger("coupon.webhooks")

BATCH: Mapping[SignatureForm, int] = {
    SignatureForm.PLAYCAMP: 50,
    SignatureForm.PLAYCAMP_TIMESTAMPED: 50,
    SignatureForm.STANDARD: 1,  # its messages are single
}
# A worker that dies holds a webhook for its timeout and so much more.
MARGIN = timedelta(seconds=10)
# After so long it is another webhook's turn, though this one has more.
TURN_SECONDS = 5.0
# So many of a tenant are served by a process at once, though all its receivers hang:
# other tenants come too.
MOST_OF_TENANT = 8
# A receiver that fails is tried at least so often while anything is due to it.
LONGEST_REST = timedelta(minutes=5)
KEPT = timedelta(days=7)
"""How long deliveries and their log are kept, whatever became of them."""

Event = Mapping[str, Any]


def fan_out(events: Sequence[Event], now: datetime) -> list[int]:
    """Make each CloudEvent due to all who want it; gives for each to how many new ones.

    An event that comes again is due to nobody twice.
    """
    wanting = defaultdict(list)
    tenants = {one["tenantid"] for one in events if one["type"] in EVENT_TYPES}
    for tenant_id, webhook_id, event_type, form in store.listeners(tenants):
        wanting[tenant_id, event_type].append((webhook_id, form))
    made = [_due(one, wanting[one["tenantid"], one["type"]], now) for one in events]
    if not any(made):
        return [0 for _ in made]
    with transaction():
        return [store.add(some) for some in made]


def _due(
    event: Event, listeners: Sequence[tuple[int, SignatureForm]], now: datetime
) -> list[Delivery]:
    # Whose code it was is looked up here, so that no redeem need wait for it.
    if listeners and event["type"] == "coupon.redeemed":
        event = {**event, "data": {**_attribution(event), **event["data"]}}
    return [_delivery(event, *listener, now) for listener in listeners]


def _attribution(event: Event) -> dict[str, Any]:
    code = event["data"]["coupon"]["code"]
    whose = packages.attribution(event["tenantid"], code)
    if whose.package is None:
        return {}
    ids = {
        "creator_key": whose.creator_key,
        "campaign_id": whose.package.campaign_id,
    }
    return {"attribution": ids, "reward_lines": [*whose.package.rewards]}


def _delivery(
    event: Event, webhook_id: int, form: SignatureForm, now: datetime
) -> Delivery:
    ids = event["tenantid"], webhook_id, event["id"], event["type"]
    return Delivery(*ids, payload(form, event), 0, now)


def take(
    most: int, now: datetime, serving: Mapping[str, int] = MappingProxyType({})
) -> list[Webhook]:
    """Webhooks that something is due to, for the caller alone to serve.

    `serving` tells how many of each tenant the caller is serving already.
    """
    return store.take(most, now, MARGIN, MOST_OF_TENANT, serving)


def serve(webhook: Webhook) -> None:
    """Send a webhook what is due to it until all is sent, it fails, or time is up."""
    ends_at = time.monotonic() + TURN_SECONDS
    served: Webhook | None = webhook
    keys = secrets_of(webhook, utc_now())
    while served:
        served = _serve_once(served, keys, ends_at)


def _serve_once(
    webhook: Webhook, keys: WebhookSecrets, ends_at: float
) -> Webhook | None:
    """One request; gives the webhook when there may be more to send."""
    began = utc_now()
    due = list(_together(store.due(webhook, BATCH[webhook.signature], began)))
    if not due:
        _rest(webhook, began)
        return None
    database.release()  # others need the connection while the receiver thinks
    sent = [delivery.payload for delivery in due]
    answer = send(webhook, keys, due[0].event_id, sent, began)
    return settle(webhook, due, answer, began, time.monotonic() < ends_at)


def _together(due: Sequence[Delivery]) -> Iterator[Delivery]:
    """What may share a request: an event that fails again takes no new one along."""
    return takewhile(lambda one: one.attempt_count == due[0].attempt_count, due)


def _rest(webhook: Webhook, now: datetime) -> None:
    with transaction():
        free = {"next_turn_at": now}
        webhook_store.update(webhook.tenant_id, webhook.webhook_id, free)


def settle(
    webhook: Webhook,
    due: Sequence[Delivery],
    answer: Answer,
    began: datetime,
    goes_on: bool = False,
    ended: datetime | None = None,
) -> Webhook | None:
    """Note how a request went; gives the webhook if the caller goes on with it."""
    now, ids = ended or utc_now(), (webhook.tenant_id, webhook.webhook_id)
    attempts = due[0].attempt_count + 1
    with transaction():
        present = webhook_store.find(*ids, lock=True)
        if present is None:
            return None
        status = _status(answer, attempts, present)
        changes = _changes(present, webhook.url, answer, now, goes_on)
        webhook_store.update(*ids, changes)
        times = began, now, now + retry_policy.pause(attempts)
        store.settle(due, [status] * len(due), answer, times)
    after = replace(present, **changes)
    _tell(after, answer, len(due))
    return after if goes_on and answer.is_success and after.is_active else None


def _status(answer: Answer, attempts: int, webhook: Webhook) -> AttemptStatus:
    if answer.is_success:
        return AttemptStatus.SUCCESS
    is_last = attempts >= webhook.most_attempts
    return AttemptStatus.FAILED if is_last else AttemptStatus.RETRYING


def _changes(
    webhook: Webhook, url: str, answer: Answer, now: datetime, goes_on: bool
) -> dict[str, Any]:
    """What a request's answer does to its webhook."""
    timeout = timedelta(milliseconds=webhook.timeout_ms)
    if answer.is_success:
        until = now + timeout + MARGIN if goes_on else now
        return {"failure_count": 0, "failing_since": None, "next_turn_at": until}
    if webhook.url != url:  # changed meanwhile: this says nothing of the new one
        return {"next_turn_at": now}
    failures = webhook.failure_count + 1
    reason = retry_policy.reason_to_stop(webhook, answer, now)
    return {
        "failure_count": failures,
        "failing_since": webhook.failing_since or now,
        "next_turn_at": now + min(retry_policy.pause(failures), LONGEST_REST),
        **({"is_active": False, "inactive_reason": reason} if reason else {}),
    }


def _tell(webhook: Webhook, answer: Answer, count: int) -> None:
    whose = {"tenant": webhook.tenant_id, "webhook": webhook.webhook_id}
    metrics.delivered(metrics.OK if answer.is_success else metrics.FAILED)
    if answer.is_success:
        log.info("delivered", events=count, **whose)
        return
    log.warning("not delivered", status=answer.status, error=answer.error, **whose)
    if webhook.inactive_reason:
        log.warning("switched off", reason=webhook.inactive_reason, **whose)


def purge(now: datetime, most: int) -> int:
    """Forget up to `most` deliveries whose time is up, with their log; gives how many.

    What is still pending then is of a webhook that was switched off meanwhile.
    """
    return store.purge(now - KEPT, most)
