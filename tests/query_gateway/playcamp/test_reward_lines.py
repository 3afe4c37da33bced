"""A redemption and its webhook show the same reward lines, whatever the reward is."""

from __future__ import annotations

import json
from typing import Any

import pytest

from coupon_core.domain.models import utc_now
from coupon_core.domain.models.webhooks import SignatureScheme
from coupon_core.messaging.cloud_events import to_cloud_event
from coupon_core.services.catalog import reward_items
from coupon_core.services.webhooks import payloads
from tests.factories.campaigns import CampaignFactory
from tests.factories.events import list_pending_events
from tests.query_gateway.playcamp.sdk_client import SdkClient

PAYLOADS: list[Any] = [
    {},
    {"amount": 100},
    {"amount": 100.0},
    {"amount": 2.5},
    {"amount": True},
    {"item_id": "sword", "quantity": 2},
    {"item_id": 7},
    {"item_id": ""},
    {"item_id": True},
    {"currency_id": "gem", "amount": 5},
    {"badge_id": "gold"},
    {"items": [{"item_id": "gem", "quantity": 1}, {"item_id": "hat", "quantity": 2}]},
    {"items": [{"amount": 3}, "nonsense", None]},
    {"items": ["nonsense"]},
    {"items": []},
    {"items": {"item_id": "gem"}},
]


@pytest.mark.parametrize("payload", PAYLOADS, ids=json.dumps)
def test_redemption_and_webhook_show_the_same_lines(
    sdk: SdkClient, campaign_factory: CampaignFactory, payload: dict[str, Any]
) -> None:
    tenant = campaign_factory.tenant
    members = {
        **{"name": "Any", "description": "", "reward_type": "points"},
        "payload": payload,
    }
    item = reward_items.create(tenant.tenant_id, members, utc_now())
    code = tenant.create_code(reward_item_id=item.item_id)
    answer = sdk.redeem(code)
    assert answer.status_code == 200, answer.text
    events = [to_cloud_event(event) for event in list_pending_events()]
    usage_id = answer.json["data"]["usageId"]
    (event,) = [
        event for event in events if event["data"].get("redemption_id") == usage_id
    ]
    sent = json.loads(payloads.serialize_event(SignatureScheme.PLAYCAMP, event))
    assert sent["data"]["reward"] == answer.json["data"]["reward"]
    for line in sent["data"]["reward"]:
        assert isinstance(line["itemId"], str)
        assert type(line["itemQuantity"]) is int
        assert isinstance(line.get("itemName", {}), dict)
