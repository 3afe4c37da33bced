"""Responses for webhooks and their logs: serializers, schemas, examples."""

import json
from typing import Any

from marshmallow import fields

from coupon_core.domain.models import webhooks as webhook_models
from coupon_core.domain.timestamps import format_timestamp
from coupon_core.schemas.base import LenientSchema
from coupon_core.schemas.fields import ChoiceField
from coupon_core.services.webhooks.payloads import EVENT_TYPES

Document = dict[str, Any]


def serialize_webhook(webhook: webhook_models.Webhook) -> Document:
    """Return a webhook without its secret as JSON."""
    return {
        "id": webhook.webhook_id,
        "tenant_id": webhook.tenant_id,
        "event_type": webhook.event_type,
        "url": webhook.url,
        "signature": webhook.signature.value,
        "retry_count": webhook.retry_count,
        "timeout_ms": webhook.timeout_ms,
        "is_active": webhook.is_active,
        "inactive_reason": webhook.inactive_reason or None,
        "failing_since": format_timestamp(webhook.failing_since),
        "created_at": format_timestamp(webhook.created_at),
        "updated_at": format_timestamp(webhook.updated_at),
    }


def serialize_webhook_attempt(attempt: webhook_models.DeliveryAttempt) -> Document:
    """Return a delivery attempt as JSON."""
    return {
        "id": attempt.log_id,
        "webhook_id": attempt.webhook_id,
        "event_id": attempt.event_id,
        "event_type": attempt.event_type,
        "payload": json.loads(attempt.payload),
        "status": attempt.status.value,
        "attempt": attempt.number,
        "max_attempts": attempt.max_attempts,
        "response_status": attempt.response_status,
        "response_body": attempt.response_body or None,
        "error": attempt.error or None,
        "created_at": format_timestamp(attempt.created_at),
        "completed_at": format_timestamp(attempt.completed_at),
        "next_retry_at": format_timestamp(attempt.next_retry_at),
    }


def serialize_test_result(response: webhook_models.WebhookResponse) -> Document:
    """Return the result of a test event as JSON."""
    return {
        "success": response.is_success,
        "response_status": response.status,
        "response_body": response.body or None,
        "error": response.error or None,
    }


CREATE_WEBHOOK_REQUEST: Document = {
    "event_type": "coupon.redeemed",
    "url": "https://hooks.example.com/coupons",
}
WEBHOOK: Document = {
    "id": 7293846529384652,
    "tenant_id": "your-tenant-id",
    **CREATE_WEBHOOK_REQUEST,
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
WEBHOOK_TEST_RESULT: Document = {
    "success": False,
    "response_status": None,
    "response_body": None,
    "error": "no answer within 5 s",
}


class WebhookSchema(LenientSchema):
    """A webhook without its secret."""

    id = fields.Integer(required=True)
    tenant_id = fields.String(required=True)
    event_type = ChoiceField(*EVENT_TYPES, required=True)
    url = fields.String(required=True)
    signature = ChoiceField(*webhook_models.SignatureScheme, required=True)
    retry_count = fields.Integer(required=True)
    timeout_ms = fields.Integer(required=True)
    is_active = fields.Boolean(required=True)
    inactive_reason = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "Why it was deactivated after continuous failures."},
    )
    failing_since = fields.DateTime(required=True, allow_none=True)
    created_at = fields.DateTime(required=True)
    updated_at = fields.DateTime(required=True)


class NewWebhookSchema(WebhookSchema):
    """A new webhook with its secret, which is shown once."""

    secret = fields.String(required=True)


class WebhookListSchema(LenientSchema):
    """A page of webhooks, and the number of all."""

    webhooks = fields.List(fields.Nested(WebhookSchema), required=True)
    total = fields.Integer(required=True)


class WebhookLogSchema(LenientSchema):
    """An attempt to deliver an event; attempt 0 is still waiting for the first one."""

    id = fields.String(required=True)
    webhook_id = fields.Integer(required=True)
    event_id = fields.UUID(required=True)
    event_type = fields.String(required=True)
    payload = fields.Dict(required=True)
    status = ChoiceField(*webhook_models.AttemptStatus, required=True)
    attempt = fields.Integer(required=True)
    max_attempts = fields.Integer(required=True)
    response_status = fields.Integer(required=True, allow_none=True)
    response_body = fields.String(required=True, allow_none=True)
    error = fields.String(required=True, allow_none=True)
    created_at = fields.DateTime(required=True)
    completed_at = fields.DateTime(required=True, allow_none=True)
    next_retry_at = fields.DateTime(required=True, allow_none=True)


class WebhookLogListSchema(LenientSchema):
    """A page of delivery attempts, and the number of all."""

    logs = fields.List(fields.Nested(WebhookLogSchema), required=True)
    total = fields.Integer(required=True)


class WebhookTestResultSchema(LenientSchema):
    """The result of a test event; `error` is set if there was no response."""

    success = fields.Boolean(required=True)
    response_status = fields.Integer(required=True, allow_none=True)
    response_body = fields.String(required=True, allow_none=True)
    error = fields.String(required=True, allow_none=True)
