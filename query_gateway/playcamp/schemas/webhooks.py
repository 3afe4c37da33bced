"""Schemas and examples of PlayCamp webhooks."""

from marshmallow import fields

from coupon_core.domain.models.webhooks import AttemptStatus
from coupon_core.schemas.base import LenientSchema
from coupon_core.schemas.fields import ChoiceField
from query_gateway.playcamp.responses import Document
from query_gateway.playcamp.schemas.coupons import (
    EXAMPLE_PAGINATION,
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
EXAMPLE_NEW_WEBHOOK = {
    "data": {**EXAMPLE_WEBHOOK, "secret": "whsec_EXAMPLE-shown-only-once"}
}
EXAMPLE_WEBHOOK_PAGE = {"data": [EXAMPLE_WEBHOOK], "pagination": EXAMPLE_PAGINATION}
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
EXAMPLE_WEBHOOK_LOG_PAGE = {
    "data": [EXAMPLE_WEBHOOK_LOG],
    "pagination": EXAMPLE_PAGINATION,
}
EXAMPLE_WEBHOOK_TEST: Document = {
    "data": {
        "success": False,
        "responseStatus": None,
        "responseBody": None,
        "error": "no answer within 5 s",
    }
}


class PlayCampWebhookSchema(LenientSchema):
    """A webhook without its secret."""

    id = fields.Integer(required=True)
    projectId = fields.String(required=True)
    eventType = fields.String(required=True)
    url = fields.String(required=True)
    isActive = fields.Boolean(required=True)
    inactiveReason = build_nullable_field(fields.String)
    retryCount = fields.Integer(required=True)
    timeoutMs = fields.Integer(required=True)
    createdAt = fields.DateTime(required=True)
    updatedAt = fields.DateTime(required=True)


class PlayCampNewWebhookSchema(PlayCampWebhookSchema):
    """A new webhook with its secret, which is shown only once."""

    secret = fields.String(required=True)


class PlayCampWebhookLogSchema(LenientSchema):
    """A delivery attempt; attempt 0 is a delivery that has not been tried yet."""

    id = fields.String(required=True)
    webhookId = fields.Integer(required=True)
    eventType = fields.String(required=True)
    payload = fields.Dict(required=True)
    responseStatus = build_nullable_field(fields.Integer)
    responseBody = build_nullable_field(fields.String)
    attempt = fields.Integer(required=True)
    maxAttempts = fields.Integer(required=True)
    status = ChoiceField(*AttemptStatus, required=True)
    createdAt = fields.DateTime(required=True)
    completedAt = build_nullable_field(fields.DateTime)
    nextRetryAt = build_nullable_field(fields.DateTime)


class PlayCampWebhookTestSchema(LenientSchema):
    """The result of a test delivery; `error` is set if there was no response."""

    success = fields.Boolean(required=True)
    responseStatus = build_nullable_field(fields.Integer)
    responseBody = build_nullable_field(fields.String)
    error = build_nullable_field(fields.String)


WebhookResponseSchema = build_object_envelope("WebhookResponse", PlayCampWebhookSchema)
NewWebhookResponseSchema = build_object_envelope(
    "NewWebhookResponse", PlayCampNewWebhookSchema
)
WebhookTestResponseSchema = build_object_envelope(
    "WebhookTestResponse", PlayCampWebhookTestSchema
)
WebhookPageSchema = build_page_envelope("WebhookPage", PlayCampWebhookSchema)
WebhookLogPageSchema = build_page_envelope("WebhookLogPage", PlayCampWebhookLogSchema)
