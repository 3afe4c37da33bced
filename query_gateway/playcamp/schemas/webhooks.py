"""PlayCamp's webhooks as they are shown, and stand in the OpenAPI document."""

import json

from marshmallow import fields

from coupon_core.domain.models import webhooks as model
from coupon_core.schemas.base import Tolerant
from coupon_core.schemas.fields import Choice
from query_gateway.playcamp.responses import Document, time_text
from query_gateway.playcamp.schemas.coupons import (
    PAGINATION,
    in_one,
    in_pages,
    maybe,
)


def webhook(of: model.Webhook) -> Document:
    """A webhook without its secret; the project is what we call the tenant."""
    return {
        "id": of.webhook_id,
        "projectId": of.tenant_id,
        "eventType": of.event_type,
        "url": of.url,
        "isActive": of.is_active,
        "inactiveReason": of.inactive_reason or None,
        "retryCount": of.retry_count,
        "timeoutMs": of.timeout_ms,
        "createdAt": time_text(of.created_at),
        "updatedAt": time_text(of.updated_at),
    }


def attempt(of: model.Attempt) -> Document:
    """A line of the log."""
    return {
        "id": of.log_id,
        "webhookId": of.webhook_id,
        "eventType": of.event_type,
        "payload": json.loads(of.payload),
        "responseStatus": of.response_status,
        "responseBody": of.response_body or of.error or None,
        "attempt": of.number,
        "maxAttempts": of.most,
        "status": of.status.value,
        "createdAt": time_text(of.created_at),
        "completedAt": time_text(of.completed_at),
        "nextRetryAt": time_text(of.next_retry_at),
    }


def test_result(of: model.Answer) -> Document:
    """What became of a sample."""
    return {
        "success": of.is_success,
        "responseStatus": of.status,
        "responseBody": of.body or None,
        "error": of.error or None,
    }


BODY: Document = {
    "eventType": "coupon.redeemed",
    "url": "https://hooks.example.com/coupons",
    "retryCount": 3,
    "timeoutMs": 5000,
}
WEBHOOK: Document = {
    "id": 7293846529384652,
    "projectId": "your-tenant-id",
    **BODY,
    "isActive": True,
    "inactiveReason": None,
    "createdAt": "2024-01-15T10:30:00.000Z",
    "updatedAt": "2024-01-15T10:30:00.000Z",
}
NEW_WEBHOOK = {"data": {**WEBHOOK, "secret": "whsec_EXAMPLE-shown-only-once"}}
WEBHOOKS = {"data": [WEBHOOK], "pagination": PAGINATION}
LOG: Document = {
    "id": "01936f2e-6d3e-7e50-9c77-4a7c8c3fbd32-1",
    "webhookId": WEBHOOK["id"],
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
LOGS = {"data": [LOG], "pagination": PAGINATION}
TEST: Document = {
    "data": {
        "success": False,
        "responseStatus": None,
        "responseBody": None,
        "error": "no answer within 5 s",
    }
}


class PlayCampWebhook(Tolerant):
    """A webhook without its secret."""

    id = fields.Integer(required=True)
    projectId = fields.String(required=True)
    eventType = fields.String(required=True)
    url = fields.String(required=True)
    isActive = fields.Boolean(required=True)
    inactiveReason = maybe(fields.String)
    retryCount = fields.Integer(required=True)
    timeoutMs = fields.Integer(required=True)
    createdAt = fields.DateTime(required=True)
    updatedAt = fields.DateTime(required=True)


class PlayCampNewWebhook(PlayCampWebhook):
    """A webhook with its secret, this once."""

    secret = fields.String(required=True)


class PlayCampWebhookLog(Tolerant):
    """A try to deliver an event; with attempt 0 one that awaits its first."""

    id = fields.String(required=True)
    webhookId = fields.Integer(required=True)
    eventType = fields.String(required=True)
    payload = fields.Dict(required=True)
    responseStatus = maybe(fields.Integer)
    responseBody = maybe(fields.String)
    attempt = fields.Integer(required=True)
    maxAttempts = fields.Integer(required=True)
    status = Choice(*model.AttemptStatus, required=True)
    createdAt = fields.DateTime(required=True)
    completedAt = maybe(fields.DateTime)
    nextRetryAt = maybe(fields.DateTime)


class PlayCampWebhookTest(Tolerant):
    """What became of a sample; an error when there was no answer at all."""

    success = fields.Boolean(required=True)
    responseStatus = maybe(fields.Integer)
    responseBody = maybe(fields.String)
    error = maybe(fields.String)


OneWebhook = in_one("OneWebhook", PlayCampWebhook)
OneNewWebhook = in_one("OneNewWebhook", PlayCampNewWebhook)
OneWebhookTest = in_one("OneWebhookTest", PlayCampWebhookTest)
Webhooks = in_pages("PlayCampWebhooks", PlayCampWebhook)
WebhookLogs = in_pages("PlayCampWebhookLogs", PlayCampWebhookLog)
