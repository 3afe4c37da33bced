"""Sign and send requests to the receivers of webhooks."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from coupon_core.domain.models import AdminReason
from coupon_core.domain.models.webhooks import (
    Webhook,
    WebhookResponse,
    WebhookSecrets,
)
from coupon_core.observability import tracing
from coupon_core.persistence.repositories import webhooks as webhook_repository
from coupon_core.security import encryption
from coupon_core.services.errors import require_found
from coupon_core.services.webhooks import http_client, payloads, signatures

PREVIOUS_SECRET_VALIDITY = timedelta(hours=24)


def load_secrets(webhook: Webhook, now: datetime) -> WebhookSecrets:
    """Return the secrets that sign for a webhook now; refuse if it was deleted."""
    current, previous, rotated_at = require_found(
        webhook_repository.get_encrypted_secrets(webhook.tenant_id, webhook.webhook_id),
        AdminReason.WEBHOOK_NOT_FOUND,
    )
    is_previous_valid = bool(
        previous and rotated_at and now - rotated_at < PREVIOUS_SECRET_VALIDITY
    )
    return WebhookSecrets(
        encryption.decrypt(current),
        encryption.decrypt(previous) if is_previous_valid else "",
    )


def send_events(
    webhook: Webhook,
    keys: WebhookSecrets,
    message_id: str,
    events: list[str],
    now: datetime,
    traceparents: Sequence[str | None],
) -> WebhookResponse:
    """Send one signed request with events; errors are part of the response.

    The header `traceparent` continues the trace of the first event that has one: the
    receiver often belongs to the caller whose request stored the event.
    """
    body = payloads.build_body(webhook.signature, events)
    form = webhook.signature
    headers = signatures.build_headers(
        form, keys, message_id=message_id, body=body, count=len(events), now=now
    )
    traced = tracing.TracedDelivery(webhook.event_type, webhook.webhook_id)
    with tracing.trace_delivery(traceparents, traced) as trace_headers:
        response = http_client.post(
            webhook.url,
            body,
            {**headers, **trace_headers},
            timeout_seconds=webhook.timeout_ms / 1000,
        )
        traced.status, traced.is_success = response.status, response.is_success
    return response
