"""What owners do with their webhooks: create, change, rotate, try, read the log."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from coupon_core.domain.models import AdminReason, Page, Refused
from coupon_core.domain.models.webhooks import (
    Answer,
    Attempt,
    SignatureForm,
    Webhook,
    WebhookSecrets,
)
from coupon_core.messaging.cloud_events import as_rfc3339
from coupon_core.persistence import database
from coupon_core.persistence.database import transaction
from coupon_core.persistence.id_generation import new_id, new_number
from coupon_core.persistence.repositories import tenants
from coupon_core.persistence.repositories import webhooks as store
from coupon_core.security import encryption
from coupon_core.services import audit
from coupon_core.services.webhooks import (
    http_client,
    payloads,
    signatures,
    url_policy,
)

MOST_WEBHOOKS = 50  # of a tenant: each costs a request an event
DEFAULT_RETRIES, DEFAULT_TIMEOUT_MS = 5, 5_000
LOOKUP_SECONDS = 2.0
FORMER_GOOD_FOR = timedelta(hours=24)


def create(
    tenant_id: str,
    event_type: str,
    url: str,
    now: datetime,
    signature: SignatureForm = SignatureForm.PLAYCAMP,
    retry_count: int = DEFAULT_RETRIES,
    timeout_ms: int = DEFAULT_TIMEOUT_MS,
) -> tuple[Webhook, str]:
    """A new webhook and its secret, which is shown only here.

    Refused when its URL is none that may be sent to, or the tenant has too many.
    """
    check_target(url)
    webhook = Webhook(
        tenant_id=tenant_id,
        webhook_id=new_number(now),
        event_type=event_type,
        url=url,
        signature=signature,
        retry_count=retry_count,
        timeout_ms=timeout_ms,
        is_active=True,
        inactive_reason="",
        failure_count=0,
        failing_since=None,
        next_turn_at=now,
        created_at=now,
        updated_at=now,
    )
    return webhook, _insert(webhook)


def _insert(webhook: Webhook) -> str:
    tenant_id = webhook.tenant_id
    secret = signatures.new_secret()
    with transaction():
        if not tenants.lock(tenant_id):
            raise Refused(AdminReason.TENANT_NOT_FOUND)
        if store.count(tenant_id) >= MOST_WEBHOOKS:
            raise Refused(AdminReason.TOO_MANY_WEBHOOKS)
        store.insert(webhook, encryption.seal(secret))
        audit.record(tenant_id, "webhook.created", str(webhook.webhook_id))
    return secret


def check_target(url: str) -> None:
    """Refused when nothing may be sent to this URL, as far as can be told now.

    A name that has no address yet may have one later: it is checked at each request.
    """
    # A request with an Idempotency-Key is one transaction, which waits for no network.
    only_numbers = database.is_in_transaction()
    try:
        url_policy.addresses_of(url_policy.target_of(url), LOOKUP_SECONDS, only_numbers)
    except url_policy.Forbidden as error:
        raise Refused(AdminReason.BAD_WEBHOOK_URL, f"url: {error}") from None
    except url_policy.Unresolved:
        return


def get(tenant_id: str, webhook_id: int) -> Webhook:
    """One webhook. Refused when there is none."""
    return _known(store.find(tenant_id, webhook_id))


def listed(tenant_id: str, page: Page) -> tuple[list[Webhook], int]:
    """A tenant's webhooks, newest first, and how many there are in all."""
    return store.listed(tenant_id, page)


def update(
    tenant_id: str, webhook_id: int, changes: Mapping[str, Any], now: datetime
) -> Webhook:
    """Change `url`, `is_active`, `retry_count`, `timeout_ms`. Refused.

    A new URL, or being switched on, is a fresh start: earlier failures do not count.
    """
    if "url" in changes:
        get(tenant_id, webhook_id)
        check_target(changes["url"])
    with transaction():
        before = _known(store.find(tenant_id, webhook_id, lock=True))
        made = {**_consequences(before, changes, now), **changes, "updated_at": now}
        store.update(tenant_id, webhook_id, made)
        ids = tenant_id, "webhook.changed", str(webhook_id)
        audit.record(*ids, changed=changes.keys())
    return replace(before, **made)


def _consequences(
    before: Webhook, changes: Mapping[str, Any], now: datetime
) -> dict[str, Any]:
    said = {"inactive_reason": ""} if "is_active" in changes else {}
    moves = changes.get("url", before.url) != before.url
    if not (moves or changes.get("is_active")):
        return said
    return {**said, "failure_count": 0, "failing_since": None, "next_turn_at": now}


def delete(tenant_id: str, webhook_id: int) -> None:
    """Remove a webhook, its log and all that was to be sent to it. Refused."""
    with transaction():
        if not store.delete(tenant_id, webhook_id):
            raise Refused(AdminReason.WEBHOOK_NOT_FOUND)
        audit.record(tenant_id, "webhook.deleted", str(webhook_id))


def rotate(tenant_id: str, webhook_id: int, now: datetime) -> tuple[Webhook, str]:
    """A new secret, shown only here. Refused when there is no such webhook.

    Standard Webhooks are signed with the former one too, for a day.
    """
    secret = signatures.new_secret()
    with transaction():
        webhook = _known(store.find(tenant_id, webhook_id, lock=True))
        former = store.sealed(tenant_id, webhook_id)
        changes = {
            "secret_sealed": encryption.seal(secret),
            "former_sealed": former[0] if former else "",
            "rotated_at": now,
            "updated_at": now,
        }
        store.update(tenant_id, webhook_id, changes)
        audit.record(tenant_id, "webhook.secret_rotated", str(webhook_id))
    return replace(webhook, updated_at=now), secret


def secrets_of(webhook: Webhook, now: datetime) -> WebhookSecrets:
    """What signs for a webhook now. Refused when it has gone."""
    sealed = store.sealed(webhook.tenant_id, webhook.webhook_id)
    if sealed is None:
        raise Refused(AdminReason.WEBHOOK_NOT_FOUND)
    present, former, rotated_at = sealed
    good = bool(former and rotated_at and now - rotated_at < FORMER_GOOD_FOR)
    return WebhookSecrets(
        encryption.unseal(present), encryption.unseal(former) if good else ""
    )


def log(tenant_id: str, webhook_id: int, page: Page) -> tuple[list[Attempt], int]:
    """Every try to deliver, newest event first, and how many. Refused."""
    return store.log(get(tenant_id, webhook_id), page)


def test(tenant_id: str, webhook_id: int, now: datetime) -> Answer:
    """Send a sample, marked as a test, and give the answer; nothing is stored. Refused.

    Also to a webhook that is switched off.
    """
    webhook = get(tenant_id, webhook_id)
    keys = secrets_of(webhook, now)
    database.release()  # it may take half a minute
    message_id = new_id()
    event = payloads.sample(webhook.event_type, tenant_id, message_id, as_rfc3339(now))
    sent = [payloads.payload(webhook.signature, event)]
    return send(webhook, keys, message_id, sent, now)


def send(
    webhook: Webhook,
    keys: WebhookSecrets,
    message_id: str,
    events: list[str],
    now: datetime,
) -> Answer:
    """One signed request with some events; never raises."""
    body = payloads.body(webhook.signature, events)
    form = webhook.signature
    headers = signatures.headers(form, keys, message_id, body, len(events), now)
    return http_client.post(webhook.url, body, headers, webhook.timeout_ms / 1000)


def _known(webhook: Webhook | None) -> Webhook:
    if webhook is None:
        raise Refused(AdminReason.WEBHOOK_NOT_FOUND)
    return webhook
