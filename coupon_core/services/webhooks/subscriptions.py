"""Create, change, test and delete webhooks, and read their log."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime
from typing import Any

from coupon_core.domain.models import AdminReason, Page, Refused
from coupon_core.domain.models.webhooks import (
    DeliveryAttempt,
    SignatureScheme,
    Webhook,
    WebhookResponse,
)
from coupon_core.domain.timestamps import format_timestamp_milliseconds
from coupon_core.observability import tracing
from coupon_core.persistence import database
from coupon_core.persistence.database import discarded_transaction, transaction
from coupon_core.persistence.id_generation import generate_id, generate_integer_id
from coupon_core.persistence.repositories import tenants
from coupon_core.persistence.repositories import webhooks as webhook_repository
from coupon_core.security import encryption
from coupon_core.services import audit
from coupon_core.services.errors import require_found
from coupon_core.services.webhooks import payloads, signatures, url_policy
from coupon_core.services.webhooks.signed_requests import load_secrets, send_events

MAX_WEBHOOKS_PER_TENANT = 50  # each event causes one request per webhook
DEFAULT_RETRY_COUNT, DEFAULT_TIMEOUT_MS = 5, 5_000
LOOKUP_TIMEOUT_SECONDS = 2.0


def create(
    tenant_id: str,
    event_type: str,
    url: str,
    now: datetime,
    signature: SignatureScheme = SignatureScheme.PLAYCAMP,
    retry_count: int = DEFAULT_RETRY_COUNT,
    timeout_ms: int = DEFAULT_TIMEOUT_MS,
    dry_run: bool = False,
) -> tuple[Webhook, str]:
    """Create a webhook; return it and its secret, which is shown only once.

    With `dry_run`, everything is checked and nothing is stored.

    Raises:
        Refused: The URL is not allowed, or the tenant has too many webhooks.
    """
    require_allowed_target(url)
    webhook = Webhook(
        tenant_id=tenant_id,
        webhook_id=generate_integer_id(now),
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
    return webhook, _insert(webhook, dry_run)


def _insert(webhook: Webhook, dry_run: bool) -> str:
    tenant_id = webhook.tenant_id
    secret = signatures.generate_secret()
    with _begin(dry_run):
        if not tenants.lock(tenant_id):
            raise Refused(AdminReason.TENANT_NOT_FOUND)
        if webhook_repository.count(tenant_id) >= MAX_WEBHOOKS_PER_TENANT:
            raise Refused(AdminReason.TOO_MANY_WEBHOOKS)
        webhook_repository.insert(webhook, encryption.encrypt(secret))
        audit.record(
            tenant_id, "webhook.created", str(webhook.webhook_id), after=webhook
        )
    return secret


def _begin(dry_run: bool) -> AbstractContextManager[None]:
    return discarded_transaction() if dry_run else transaction()


def require_allowed_target(url: str) -> None:
    """Check that requests may be sent to this URL.

    A name that cannot be resolved yet is accepted, because every request checks again.

    Raises:
        Refused: The URL is not allowed.
    """
    # A request with an Idempotency-Key is one transaction, and transactions must not
    # wait for the network.
    numeric_only = database.is_in_transaction()
    try:
        url_policy.resolve_addresses(
            url_policy.parse_target(url), LOOKUP_TIMEOUT_SECONDS, numeric_only
        )
    except url_policy.ForbiddenTarget as error:
        raise Refused(AdminReason.BAD_WEBHOOK_URL, f"url: {error}") from None
    except url_policy.UnresolvedHost:
        return


def get(tenant_id: str, webhook_id: int) -> Webhook:
    """Return a webhook; refuse if it does not exist."""
    return require_found(
        webhook_repository.find(tenant_id, webhook_id), AdminReason.WEBHOOK_NOT_FOUND
    )


def list_webhooks(tenant_id: str, page: Page) -> tuple[list[Webhook], int]:
    """Return a page of a tenant's webhooks, newest first, and the total count."""
    return webhook_repository.list_webhooks(tenant_id, page)


def update(
    tenant_id: str,
    webhook_id: int,
    changes: Mapping[str, Any],
    now: datetime,
    dry_run: bool = False,
) -> Webhook:
    """Change `url`, `is_active`, `retry_count` or `timeout_ms`.

    A new URL, or activating the webhook, resets its failure count. With `dry_run`, the
    changed webhook is returned and nothing is stored.

    Raises:
        Refused: The webhook does not exist, or the URL is not allowed.
    """
    if "url" in changes:
        get(tenant_id, webhook_id)
        require_allowed_target(changes["url"])
    with _begin(dry_run):
        before = _lock(tenant_id, webhook_id)
        new_values = {
            **_derive_changes(before, changes, now),
            **changes,
            "updated_at": now,
        }
        webhook_repository.update(tenant_id, webhook_id, new_values)
        after = replace(before, **new_values)
        audit.record(
            tenant_id, "webhook.changed", str(webhook_id), before=before, after=after
        )
    return after


def _lock(tenant_id: str, webhook_id: int) -> Webhook:
    return require_found(
        webhook_repository.find(tenant_id, webhook_id, lock=True),
        AdminReason.WEBHOOK_NOT_FOUND,
    )


def _derive_changes(
    before: Webhook, changes: Mapping[str, Any], now: datetime
) -> dict[str, Any]:
    reason_reset = {"inactive_reason": ""} if "is_active" in changes else {}
    url_changes = changes.get("url", before.url) != before.url
    if not (url_changes or changes.get("is_active")):
        return reason_reset
    return {
        **reason_reset,
        "failure_count": 0,
        "failing_since": None,
        "next_turn_at": now,
    }


def delete(tenant_id: str, webhook_id: int, dry_run: bool = False) -> None:
    """Delete a webhook, its log and its pending deliveries, or only check the ID.

    Raises:
        Refused: The webhook does not exist.
    """
    with _begin(dry_run):
        webhook = _lock(tenant_id, webhook_id)
        webhook_repository.delete(tenant_id, webhook_id)
        audit.record(tenant_id, "webhook.deleted", str(webhook_id), before=webhook)


def rotate_secret(
    tenant_id: str, webhook_id: int, now: datetime
) -> tuple[Webhook, str]:
    """Replace the secret; return the webhook and the new secret, shown only once.

    Standard Webhooks are also signed with the previous secret for 24 hours.
    """
    secret = signatures.generate_secret()
    with transaction():
        webhook = _lock(tenant_id, webhook_id)
        previous = webhook_repository.get_encrypted_secrets(tenant_id, webhook_id)
        changes = {
            "secret_sealed": encryption.encrypt(secret),
            "former_sealed": previous[0] if previous else "",
            "rotated_at": now,
            "updated_at": now,
        }
        webhook_repository.update(tenant_id, webhook_id, changes)
        audit.record(tenant_id, "webhook.secret_rotated", str(webhook_id))
    return replace(webhook, updated_at=now), secret


def list_attempts(
    tenant_id: str, webhook_id: int, page: Page
) -> tuple[list[DeliveryAttempt], int]:
    """Return a page of delivery attempts, newest event first, and the total count."""
    return webhook_repository.list_attempts(get(tenant_id, webhook_id), page)


def send_test_event(tenant_id: str, webhook_id: int, now: datetime) -> WebhookResponse:
    """Send a sample event, marked as a test, and return the response.

    Nothing is stored. Disabled webhooks can be tested too.
    """
    webhook = get(tenant_id, webhook_id)
    keys = load_secrets(webhook, now)
    # The request may take half a minute.
    database.release_connection()
    message_id = generate_id()
    event = payloads.build_sample_event(
        webhook.event_type, tenant_id, message_id, format_timestamp_milliseconds(now)
    )
    serialized_event = payloads.serialize_event(webhook.signature, event)
    return send_events(
        webhook,
        keys,
        message_id=message_id,
        events=[serialized_event],
        now=now,
        traceparents=[tracing.current_traceparent()],
    )
