"""Schemas and examples of PlayCamp webhooks."""

from dataclasses import asdict
from typing import Any

from marshmallow import fields, pre_dump

from coupon_core.domain.models.webhooks import AttemptStatus, DeliveryAttempt
from coupon_core.schemas.base import Document
from coupon_core.schemas.fields import ChoiceField
from coupon_core.schemas.response_fields import (
    JsonText,
    MillisecondsDateTime,
    NullableString,
)
from query_gateway.playcamp.schemas.base import (
    PlayCampSchema,
    build_nullable_field,
    build_object_envelope,
    build_page_envelope,
)

EXAMPLE_WEBHOOK_BODY: Document = {
    "eventType": "coupon.redeemed",
    "url": "https://hooks.example.com/coupons",
    "retryCount": 3,
    "timeoutMs": 5000,
}
EXAMPLE_WEBHOOK: Document = {
    "id": 7293846529384652,
    "projectId": "your-tenant-id",
    **EXAMPLE_WEBHOOK_BODY,
    "isActive": True,
    "inactiveReason": None,
    "createdAt": "2024-01-15T10:30:00.000Z",
    "updatedAt": "2024-01-15T10:30:00.000Z",
}
EXAMPLE_NEW_WEBHOOK = {**EXAMPLE_WEBHOOK, "secret": "whsec_EXAMPLE-shown-only-once"}
EXAMPLE_WEBHOOK_LOG: Document = {
    "id": "01936f2e-6d3e-7e50-9c77-4a7c8c3fbd32-1",
    "webhookId": EXAMPLE_WEBHOOK["id"],
    "eventType": "coupon.redeemed",
    "payload": {"event": "coupon.redeemed", "timestamp": "2024-01-15T10:30:00.000Z"},
    "responseStatus": 503,
    "responseBody": "try later",
    "attempt": 1,
    "maxAttempts": 4,
    "status": "RETRYING",
    "createdAt": "2024-01-15T10:30:00.000Z",
    "completedAt": "2024-01-15T10:30:01.000Z",
    "nextRetryAt": "2024-01-15T10:30:03.000Z",
}
EXAMPLE_WEBHOOK_TEST: Document = {
    "success": False,
    "responseStatus": None,
    "responseBody": None,
    "error": "no answer within 5 s",
}


class PlayCampWebhookSchema(PlayCampSchema):
    """A webhook without its secret; `projectId` is the tenant ID."""

    example = EXAMPLE_WEBHOOK

    id = fields.Integer(required=True, attribute="webhook_id")
    projectId = fields.String(required=True, attribute="tenant_id")
    eventType = fields.String(required=True)
    url = fields.String(required=True)
    isActive = fields.Boolean(required=True)
    inactiveReason = NullableString()
    retryCount = fields.Integer(required=True)
    timeoutMs = fields.Integer(required=True)
    createdAt = MillisecondsDateTime(required=True)
    updatedAt = MillisecondsDateTime(required=True)


class PlayCampNewWebhookSchema(PlayCampWebhookSchema):
    """A new webhook with its secret, which is shown only once."""

    example = EXAMPLE_NEW_WEBHOOK

    secret = fields.String(required=True)


class PlayCampWebhookLogSchema(PlayCampSchema):
    """A delivery attempt; attempt 0 is a delivery that has not been tried yet."""

    example = EXAMPLE_WEBHOOK_LOG

    id = fields.String(required=True, attribute="log_id")
    webhookId = fields.Integer(required=True)
    eventType = fields.String(required=True)
    payload = JsonText(required=True)
    responseStatus = build_nullable_field(fields.Integer)
    responseBody = NullableString()
    attempt = fields.Integer(required=True, attribute="number")
    maxAttempts = fields.Integer(required=True)
    status = ChoiceField(*AttemptStatus, required=True)
    createdAt = MillisecondsDateTime(required=True)
    completedAt = build_nullable_field(MillisecondsDateTime)
    nextRetryAt = build_nullable_field(MillisecondsDateTime)

    @pre_dump
    def show_error_as_body(self, attempt: DeliveryAttempt, **_: Any) -> Document:
        """Show the error in place of the body of a response that did not come."""
        return {
            **asdict(attempt),
            "log_id": attempt.log_id,
            "response_body": attempt.response_body or attempt.error,
        }


class PlayCampWebhookTestSchema(PlayCampSchema):
    """The result of a test delivery; `error` is set if there was no response."""

    example = EXAMPLE_WEBHOOK_TEST

    success = fields.Boolean(required=True, attribute="is_success")
    responseStatus = build_nullable_field(fields.Integer, attribute="status")
    responseBody = NullableString(attribute="body")
    error = NullableString()


WebhookResponseSchema = build_object_envelope("WebhookResponse", PlayCampWebhookSchema)
NewWebhookResponseSchema = build_object_envelope(
    "NewWebhookResponse", PlayCampNewWebhookSchema
)
WebhookTestResponseSchema = build_object_envelope(
    "WebhookTestResponse", PlayCampWebhookTestSchema
)
WebhookPageSchema = build_page_envelope("WebhookPage", PlayCampWebhookSchema)
WebhookLogPageSchema = build_page_envelope("WebhookLogPage", PlayCampWebhookLogSchema)
