"""What a receiver is sent of an event, in the words of its dialect: values to JSON."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from coupon_core.domain.models.webhooks import SignatureScheme

Json = dict[str, Any]

# Built once: json.dumps with options makes a new encoder at every call.
_encode_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def serialize_event(form: SignatureScheme, event: Mapping[str, Any]) -> str:
    """A CloudEvent of ours (CONTRACTS 0.18) as JSON text for receivers of a form."""
    convert = (
        to_standard_event if form == SignatureScheme.STANDARD else to_playcamp_event
    )
    return _encode_json(convert(event))


def build_body(form: SignatureScheme, payloads: Sequence[str]) -> str:
    """The body of one request: PlayCamp's is always a batch, Standard's one event."""
    if form == SignatureScheme.STANDARD:
        (payload,) = payloads
        return payload
    return f'{{"events":[{",".join(payloads)}]}}'


def to_standard_event(event: Mapping[str, Any]) -> Json:
    """As Standard Webhooks has it: what, when, and the data of the event itself."""
    return {"type": event["type"], "timestamp": event["time"], "data": event["data"]}


def to_playcamp_event(event: Mapping[str, Any]) -> Json:
    """One of the `events` of PlayCamp's batch (CONTRACTS 3.4)."""
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
    """Both documented forms of the data of `coupon.redeemed`, in one."""
    coupon, attribution = data["coupon"], data.get("attribution") or {}
    lines = data.get("reward_lines")
    return {
        "couponCode": coupon["code"],
        "userId": coupon["user_id"],
        "usageId": data["redemption_id"],
        "reward": lines if lines else [_to_reward_line(coupon["reward_item"])],
        "creatorKey": attribution.get("creator_key"),
        "campaignId": attribution.get("campaign_id"),
    }


def _to_reward_line(item: Mapping[str, Any]) -> Json:
    """A reward item of another dialect as a line of a reward."""
    payload = item["payload"]
    item_ids = (payload.get(name) for name in ("item_id", "currency_id", "badge_id"))
    quantities = (payload.get(name) for name in ("quantity", "amount"))
    whole_numbers = (number for number in quantities if type(number) is int)
    return {
        "itemId": str(next(filter(None, item_ids), item["item_id"])),
        "itemQuantity": next(whole_numbers, 1),
        "itemName": item["name"],
    }


def build_sample_event(
    event_type: str, tenant_id: str, event_id: str, time: str
) -> Json:
    """An event that never happened, to try a receiver with."""
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
SAMPLES: Mapping[str, Json] = {
    "coupon.redeemed": {"redemption_id": 1, "use_number": 1, "coupon": _COUPON},
    "coupon.generated": {"coupon": {**_COUPON, "status": "active"}},
    "coupon.revoked": {"coupon": {**_COUPON, "status": "revoked"}},
    "batch.completed": {
        "batch_id": "00000000-0000-7000-8000-000000000004",
        "state": "completed",
        "requested": 1,
        "generated": 1,
    },
}
EVENT_TYPES = tuple(SAMPLES)
"""What can be subscribed to."""
