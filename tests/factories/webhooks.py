"""Deliveries of webhooks, as the worker `fanout` stores them."""

from __future__ import annotations

from coupon_core.domain.models import utc_now
from coupon_core.domain.models.webhooks import Delivery
from coupon_core.persistence import database
from coupon_core.persistence.id_generation import generate_id
from coupon_core.persistence.repositories import webhook_deliveries


def create_delivery(tenant_id: str, webhook_id: int) -> str:
    """Store a delivery that is due to a webhook, and return its ID."""
    delivery = Delivery(
        tenant_id,
        webhook_id,
        event_id=generate_id(),
        event_type="coupon.redeemed",
        payload='{"type":"coupon.redeemed","data":{}}',
        attempt_count=0,
        created_at=utc_now(),
    )
    with database.transaction():
        webhook_deliveries.add([delivery])
    database.release_connection()
    return delivery.event_id
