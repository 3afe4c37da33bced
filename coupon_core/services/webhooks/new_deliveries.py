"""Build the deliveries of events, one for each webhook that subscribes to them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence, Set
from datetime import datetime
from typing import Any

from coupon_core.domain.models.webhooks import Delivery, SignatureScheme
from coupon_core.persistence.repositories import (
    webhook_deliveries as webhook_delivery_repository,
)
from coupon_core.services.campaigns import packages
from coupon_core.services.webhooks.payloads import EVENT_TYPES, serialize_event

CloudEvent = Mapping[str, Any]
Listener = tuple[int, SignatureScheme]


def build_deliveries(
    events: Sequence[CloudEvent], now: datetime
) -> list[list[Delivery]]:
    """Return the deliveries of each event to the webhooks that subscribe to it."""
    tenant_ids = {event["tenantid"] for event in events if event["type"] in EVENT_TYPES}
    listeners_by_type = _list_listeners(tenant_ids)
    return [
        _build_event_deliveries(
            event, listeners_by_type[event["tenantid"], event["type"]], now
        )
        for event in events
    ]


def _list_listeners(
    tenant_ids: Set[str],
) -> defaultdict[tuple[str, str], list[Listener]]:
    listeners_by_type = defaultdict(list)
    subscriptions = webhook_delivery_repository.list_subscriptions(tenant_ids)
    for tenant_id, webhook_id, event_type, form in subscriptions:
        listeners_by_type[tenant_id, event_type].append((webhook_id, form))
    return listeners_by_type


def _build_event_deliveries(
    event: CloudEvent, listeners: Sequence[Listener], now: datetime
) -> list[Delivery]:
    # The attribution is looked up here, so that redemptions do not wait for it.
    if listeners and event["type"] == "coupon.redeemed":
        event = {**event, "data": {**_load_attribution(event), **event["data"]}}
    return [
        _build_delivery(event, webhook_id, form=form, now=now)
        for webhook_id, form in listeners
    ]


def _load_attribution(event: CloudEvent) -> dict[str, Any]:
    code = event["data"]["coupon"]["code"]
    attribution = packages.get_attribution(event["tenantid"], code)
    if attribution.package is None:
        return {}
    return {
        "attribution": {
            "creator_key": attribution.creator_key,
            "campaign_id": attribution.package.campaign_id,
        },
        "reward_lines": [*attribution.package.rewards],
    }


def _build_delivery(
    event: CloudEvent, webhook_id: int, form: SignatureScheme, now: datetime
) -> Delivery:
    return Delivery(
        tenant_id=event["tenantid"],
        webhook_id=webhook_id,
        event_id=event["id"],
        event_type=event["type"],
        payload=serialize_event(form, event),
        attempt_count=0,
        created_at=now,
        traceparent=event.get("traceparent"),
    )
