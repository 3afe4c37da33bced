"""Tests that webhooks can receive the events of reservations."""

from __future__ import annotations

import pytest

from coupon_core.services.coupons import reservation_endings
from coupon_core.services.webhooks import new_deliveries, payloads, subscriptions
from tests.factories.events import list_pending_bodies
from tests.factories.tenant import NOW, TenantFactory
from tests.support.reservations import LATER, confirm, release, reserve

URL = "https://hooks.example.invalid/"


@pytest.mark.parametrize("verb", ["created", "confirmed", "released", "expired"])
def test_a_webhook_receives_what_its_sample_shows(
    tenant: TenantFactory, verb: str
) -> None:
    event_type = f"reservation.{verb}"
    webhook, _ = subscriptions.create(tenant.tenant_id, event_type, URL, NOW)
    held = reserve(tenant, tenant.create_code())
    if verb == "confirmed":
        confirm(tenant, held)
    if verb == "released":
        release(tenant, held)
    reservation_endings.announce_expired(tenant.tenant_id, LATER)
    events = [
        event
        for event in list_pending_bodies()
        if event["tenantid"] == webhook.tenant_id
    ]
    deliveries = new_deliveries.build_deliveries(events, LATER)
    assert [one.webhook_id for found in deliveries for one in found] == [
        webhook.webhook_id
    ]
    (sent,) = (event["data"] for event in events if event["type"] == event_type)
    assert sent.keys() == payloads.SAMPLES[event_type].keys()
    assert sent["reservation_id"] == held
