"""How webhooks and their logs are shown, and stand in the OpenAPI document."""

import json
from typing import Any

from marshmallow import fields

from coupon_core.domain.models import webhooks as model
from coupon_core.domain.serialization import time_text
from coupon_core.schemas.base import Tolerant
from coupon_core.schemas.fields import Choice
from coupon_core.services.webhooks.payloads import EVENT_TYPES

Document = dict[str, Any]


def webhook(of: model.Webhook) -> Document:
    """A webhook without its secret."""
    return {
        "id": of.webhook_id,
        "tenant_id": of.tenant_id,
        "event_type": of.event_type,
        "url": of.url,
        "signature": of.signature.value,
        "retry_count": of.retry_count,
        "timeout_ms": of.timeout_ms,
        "is_active": of.is_active,
        "inactive_reason": of.inactive_reason or None,
        "failing_since": time_text(of.failing_since),
        "created_at": time_text(of.created_at),
        "updated_at": time_text(of.updated_at),
    }


def attempt(of: model.Attempt) -> Document:
    """A line of the log."""
    return {
        "id": of.log_id,
        "webhook_id": of.webhook_id,
        "event_id": of.event_id,
        "event_type": of.event_type,
        "payload": json.loads(of.payload),
        "status": of.status.value,
        "attempt": of.number,
        "max_attempts": of.most,
        "response_status": of.response_status,
        "response_body": of.response_body or None,
        "error": of.error or None,
        "created_at": time_text(of.created_at),
        "completed_at": time_text(of.completed_at),
        "next_retry_at": time_text(of.next_retry_at),
    }


def test_result(of: model.Answer) -> Document:
    """What became of a sample."""
    return {
        "success": of.is_success,
        "response_status": of.status,
        "response_body": of.body or None,
        "error": of.error or None,
    }


WEBHOOK_BODY: Document = {
    "event_type": "coupon.redeemed",
    "url": "https://hooks.example.com/coupons",
}
WEBHOOK: Document = {
    "id": 7293846529384652,
    "tenant_id": "your-tenant-id",
    **WEBHOOK_BODY,
    "signature": "standard",
    "retry_count": 5,
    "timeout_ms": 5000,
    "is_active": True,
    "inactive_reason": None,
    "failing_since": None,
    "created_at": "2025-01-15T10:00:00Z",
    "updated_at": "2025-01-15T10:00:00Z",
}
NEW_WEBHOOK = {**WEBHOOK, "secret": "whsec_EXAMPLE-shown-only-once"}
WEBHOOKS = {"webhooks": [WEBHOOK], "total": 1}
_EVENT_ID = "01936f2e-6d3e-7e50-9c77-4a7c8c3fbd32"
WEBHOOK_LOG: Document = {
    "id": f"{_EVENT_ID}-1",
    "webhook_id": WEBHOOK["id"],
    "event_id": _EVENT_ID,
    "event_type": "coupon.redeemed",
    "payload": {
        "type": "coupon.redeemed",
        "timestamp": "2025-01-15T10:00:00.000Z",
        "data": {"redemption_id": 5678, "use_number": 1},
    },
    "status": "RETRYING",
    "attempt": 1,
    "max_attempts": 6,
    "response_status": 503,
    "response_body": "try later",
    "error": None,
    "created_at": "2025-01-15T10:00:00Z",
    "completed_at": "2025-01-15T10:00:01Z",
    "next_retry_at": "2025-01-15T10:00:03Z",
}
WEBHOOK_LOGS = {"logs": [WEBHOOK_LOG], "total": 1}
WEBHOOK_TEST: Document = {
    "success": False,
    "response_status": None,
    "response_body": None,
    "error": "no answer within 5 s",
}


class Webhook(Tolerant):
    """A webhook without its secret."""

    id = fields.Integer(required=True)
    tenant_id = fields.String(required=True)
    event_type = Choice(*EVENT_TYPES, required=True)
    url = fields.String(required=True)
    signature = Choice(*model.SignatureForm, required=True)
    retry_count = fields.Integer(required=True)
    timeout_ms = fields.Integer(required=True)
    is_active = fields.Boolean(required=True)
    inactive_reason = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "Why it was switched off after lasting failure."},
    )
    failing_since = fields.DateTime(required=True, allow_none=True)
    created_at = fields.DateTime(required=True)
    updated_at = fields.DateTime(required=True)


class NewWebhook(Webhook):
    """A webhook with its secret, this once."""

    secret = fields.String(required=True)


class Webhooks(Tolerant):
    """Webhooks and how many there are in all."""

    webhooks = fields.List(fields.Nested(Webhook), required=True)
    total = fields.Integer(required=True)


class WebhookLog(Tolerant):
    """A try to deliver an event; with attempt 0 one that awaits its first."""

    id = fields.String(required=True)
    webhook_id = fields.Integer(required=True)
    event_id = fields.UUID(required=True)
    event_type = fields.String(required=True)
    payload = fields.Dict(required=True)
    status = Choice(*model.AttemptStatus, required=True)
    attempt = fields.Integer(required=True)
    max_attempts = fields.Integer(required=True)
    response_status = fields.Integer(required=True, allow_none=True)
    response_body = fields.String(required=True, allow_none=True)
    error = fields.String(required=True, allow_none=True)
    created_at = fields.DateTime(required=True)
    completed_at = fields.DateTime(required=True, allow_none=True)
    next_retry_at = fields.DateTime(required=True, allow_none=True)


class WebhookLogs(Tolerant):
    """Tries to deliver and how many there are in all."""

    logs = fields.List(fields.Nested(WebhookLog), required=True)
    total = fields.Integer(required=True)


class WebhookTest(Tolerant):
    """What became of a sample; an error when there was no answer at all."""

    success = fields.Boolean(required=True)
    response_status = fields.Integer(required=True, allow_none=True)
    response_body = fields.String(required=True, allow_none=True)
    error = fields.String(required=True, allow_none=True)
