"""Send a delivery again because a person asked for it (docs/webhooks.md)."""

from datetime import datetime

from coupon_core.domain.models import AdminReason, Refused
from coupon_core.domain.models.webhooks import (
    AttemptStatus,
    Delivery,
    DeliveryAttempt,
    Webhook,
)
from coupon_core.persistence.database import transaction
from coupon_core.persistence.repositories import (
    webhook_deliveries as webhook_delivery_repository,
)
from coupon_core.persistence.repositories import webhooks as webhook_repository
from coupon_core.services import audit
from coupon_core.services.errors import require_found
from coupon_core.services.webhooks.retry_policy import get_latest_turn


def resend(
    tenant_id: str, webhook_id: int, event_id: str, now: datetime
) -> DeliveryAttempt:
    """Queue one attempt of a delivery, whatever its state; return it as pending.

    The worker sends it with the ID of the event and the current secret. A delivery that
    succeeded or was given up gets one attempt, without retries; one that waits for its
    next attempt gets this attempt now and keeps its retries.

    Raises:
        Refused: The webhook or the delivery does not exist, or the webhook is inactive:
            nothing would be sent until it is activated, perhaps long after the request.
    """
    with transaction():
        webhook = require_found(
            webhook_repository.find(tenant_id, webhook_id, lock=True),
            AdminReason.WEBHOOK_NOT_FOUND,
        )
        delivery = require_found(
            webhook_delivery_repository.requeue(webhook, event_id, now),
            AdminReason.DELIVERY_NOT_FOUND,
        )
        if not webhook.is_active:
            raise Refused(AdminReason.WEBHOOK_INACTIVE)
        next_turn_at = min(webhook.next_turn_at, get_latest_turn(webhook, now))
        webhook_repository.update(tenant_id, webhook_id, {"next_turn_at": next_turn_at})
        audit.record(
            tenant_id, "webhook.delivery_resent", str(webhook_id), event_id=event_id
        )
    return _build_pending_attempt(webhook, delivery, now)


def _build_pending_attempt(
    webhook: Webhook, delivery: Delivery, now: datetime
) -> DeliveryAttempt:
    return DeliveryAttempt(
        tenant_id=webhook.tenant_id,
        webhook_id=webhook.webhook_id,
        event_id=delivery.event_id,
        event_type=delivery.event_type,
        payload=delivery.payload,
        number=delivery.attempt_count + 1,
        max_attempts=webhook.max_attempts,
        status=AttemptStatus.PENDING,
        response_status=None,
        response_body="",
        error="",
        created_at=now,
        completed_at=None,
        next_retry_at=None,
    )
