"""Serialize events for receivers, in the format of their signature scheme."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from coupon_core.domain.models.packages import RewardLine
from coupon_core.domain.models.webhooks import SignatureScheme
from coupon_core.domain.rules.reward_lines import to_reward_lines

Json = dict[str, Any]

# Created once: json.dumps with options creates a new encoder at every call.
_encode_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def serialize_event(form: SignatureScheme, event: Mapping[str, Any]) -> str:
    """Return a CloudEvent (`docs/api-contracts.md` 0.18) as JSON text."""
    convert = (
        to_standard_event if form == SignatureScheme.STANDARD else to_playcamp_event
    )
    return _encode_json(convert(event))


def build_body(form: SignatureScheme, payloads: Sequence[str]) -> str:
    """Return the body of a request: a batch for PlayCamp, one event for Standard."""
    if form == SignatureScheme.STANDARD:
        (payload,) = payloads
        return payload
    return f'{{"events":[{",".join(payloads)}]}}'


def to_standard_event(event: Mapping[str, Any]) -> Json:
    """Return an event in the format of Standard Webhooks."""
    return {"type": event["type"], "timestamp": event["time"], "data": event["data"]}


def to_playcamp_event(event: Mapping[str, Any]) -> Json:
    """Return one of the `events` of a batch (`docs/api-contracts.md` 3.4)."""
    data = event["data"]
    context = data.get("context") or {}
    callback_fields = {"callbackId": context.get("callback_id")}
    is_test = {"isTest": True} if event.get("isTest") else {}
    is_redemption = event["type"] == "coupon.redeemed"
    return {
        "event": event["type"],
        "timestamp": event["time"],
        **{name: value for name, value in callback_fields.items() if value},
        **is_test,
        "data": to_playcamp_redemption(data) if is_redemption else data,
    }


def to_playcamp_redemption(data: Mapping[str, Any]) -> Json:
    """Return the data of `coupon.redeemed`: the union of both documented forms."""
    coupon, attribution = data["coupon"], data.get("attribution") or {}
    lines = data.get("reward_lines")
    return {
        "couponCode": coupon["code"],
        "userId": coupon["user_id"],
        "usageId": data["redemption_id"],
        "reward": [*(lines or _to_item_lines(coupon["reward_item"]))],
        "creatorKey": attribution.get("creator_key"),
        "campaignId": attribution.get("campaign_id"),
    }


def _to_item_lines(item: Mapping[str, Any]) -> Sequence[RewardLine]:
    return to_reward_lines(item["name"], item["reward_type"], item["payload"])


def build_sample_event(
    event_type: str, tenant_id: str, event_id: str, time: str
) -> Json:
    """Return a sample event for testing a receiver."""
    return {
        "id": event_id,
        "type": event_type,
        "time": time,
        "tenantid": tenant_id,
        "isTest": True,
        "data": {"test": True, **SAMPLES[event_type]},
    }


_COUPON: Json = {
    "id": "00000000-0000-7000-8000-000000000002",
    "code": "TEST-CODE",
    "user_id": "test_user",
    "status": "redeemed",
    "reward_item": {
        "item_id": "00000000-0000-7000-8000-000000000003",
        "name": "Test item",
        "description": "",
        "reward_type": "item",
        "payload": {"item_id": "test_item", "quantity": 1},
    },
}
_DEFINITION: Json = {
    "definition_id": "00000000-0000-7000-8000-000000000005",
    "name": "Test definition",
    "campaign_id": None,
    "total_limit": 100,
    "expires_at": "2030-11-30T23:59:59Z",
}
SAMPLES: Mapping[str, Json] = {
    "coupon.redeemed": {
        "redemption_id": 1,
        "use_number": 1,
        "dialect": "phoenix",
        "creator_key": None,
        "coupon": _COUPON,
    },
    "coupon.generated": {"coupon": {**_COUPON, "status": "active"}},
    "coupon.revoked": {"coupon": {**_COUPON, "status": "revoked"}},
    "redemption.reversed": {
        "redemption_id": 1,
        "use_number": 1,
        "dialect": "phoenix",
        "creator_key": None,
        "reason": "Order cancelled",
        "points": None,
        "coupon": {**_COUPON, "status": "active"},
    },
    "coupon.restored": {"coupon": {**_COUPON, "status": "active"}},
    "batch.completed": {
        "batch_id": "00000000-0000-7000-8000-000000000004",
        "state": "completed",
        "requested": 1,
        "generated": 1,
    },
    "definition.exhausted": {**_DEFINITION, "cause": "total_limit"},
    "definition.expiring": _DEFINITION,
    "signal.raised": {
        "kind": "user_failures",
        "subject": "test_user",
        "count": 30,
        "first": "2030-11-30T23:00:00.000Z",
        "last": "2030-11-30T23:59:59.000Z",
    },
    "guessing.blocked": {
        "limit": "guesses-per-user",
        "subject": "test_user",
        "amount": 100,
        "window_seconds": 600,
        "blocked_until": "2030-11-30T23:59:59.000Z",
    },
}
EVENT_TYPES = tuple(SAMPLES)
"""The event types that a webhook can subscribe to."""
