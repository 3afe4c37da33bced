"""Responses for webhooks and their logs: schemas, serializers, examples."""

from marshmallow import fields

from coupon_core.domain.models import webhooks as webhook_models
from coupon_core.schemas.base import Document, ResponseSchema, Serializer
from coupon_core.schemas.fields import ChoiceField, UtcDateTime
from coupon_core.schemas.response_fields import (
    JsonText,
    NullableString,
    build_list_schema,
)
from coupon_core.services.webhooks.payloads import EVENT_TYPES

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
WEBHOOK_TEST_RESULT: Document = {
    "success": False,
    "response_status": None,
    "response_body": None,
    "error": "no answer within 5 s",
}


class WebhookSchema(ResponseSchema):
    """A webhook without its secret."""

    example = WEBHOOK

    id = fields.Integer(required=True, attribute="webhook_id")
    tenant_id = fields.String(required=True)
    event_type = ChoiceField(*EVENT_TYPES, required=True)
    url = fields.String(required=True)
    signature = ChoiceField(*webhook_models.SignatureScheme, required=True)
    retry_count = fields.Integer(required=True)
    timeout_ms = fields.Integer(required=True)
    is_active = fields.Boolean(required=True)
    inactive_reason = NullableString(
        metadata={"description": "Why it was deactivated after continuous failures."},
    )
    failing_since = UtcDateTime(required=True, allow_none=True)
    created_at = UtcDateTime(required=True)
    updated_at = UtcDateTime(required=True)


class NewWebhookSchema(WebhookSchema):
    """A new webhook with its secret, which is shown once."""

    example = NEW_WEBHOOK

    secret = fields.String(required=True)


class WebhookLogSchema(ResponseSchema):
    """An attempt to deliver an event; attempt 0 is still waiting for the first one."""

    example = WEBHOOK_LOG

    id = fields.String(required=True, attribute="log_id")
    webhook_id = fields.Integer(required=True)
    event_id = fields.UUID(required=True)
    event_type = fields.String(required=True)
    payload = JsonText(required=True)
    status = ChoiceField(*webhook_models.AttemptStatus, required=True)
    attempt = fields.Integer(required=True, attribute="number")
    max_attempts = fields.Integer(required=True)
    response_status = fields.Integer(required=True, allow_none=True)
    response_body = NullableString()
    error = NullableString()
    created_at = UtcDateTime(required=True)
    completed_at = UtcDateTime(required=True, allow_none=True)
    next_retry_at = UtcDateTime(required=True, allow_none=True)


class WebhookTestResultSchema(ResponseSchema):
    """The result of a test event; `error` is set if there was no response."""

    example = WEBHOOK_TEST_RESULT

    success = fields.Boolean(required=True, attribute="is_success")
    response_status = fields.Integer(required=True, allow_none=True, attribute="status")
    response_body = NullableString(attribute="body")
    error = NullableString()


WebhookListSchema = build_list_schema("WebhookList", webhooks=WebhookSchema)
WebhookLogListSchema = build_list_schema("WebhookLogList", logs=WebhookLogSchema)
serialize_webhook: Serializer = WebhookSchema().dump
serialize_webhook_attempt: Serializer = WebhookLogSchema().dump
serialize_test_result: Serializer = WebhookTestResultSchema().dump
