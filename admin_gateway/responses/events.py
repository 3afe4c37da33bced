"""Response schemas and examples for milestones and dead letters."""

import base64
import json
from dataclasses import asdict
from typing import Any

from marshmallow import fields, pre_dump

from coupon_core.domain.models import DeadLetter
from coupon_core.schemas.base import Document, ResponseSchema, Serializer
from coupon_core.schemas.fields import ChoiceField, UtcDateTime
from coupon_core.schemas.response_fields import build_list_schema
from coupon_core.services.events import dead_letters

CLOUD_EVENT: dict[str, Any] = {
    "specversion": "1.0",
    "id": "01936f2e-4b1c-7c3e-9a55-2f5a6a1d9b10",
    "source": "/streaks",
    "type": "streak.milestone_reached",
    "subject": "user_123",
    "tenantid": "your-tenant-id",
    "time": "2025-01-15T10:00:00Z",
    "data": {"streak_id": "daily-login", "threshold": 7, "run_id": "2025-01-09"},
}
PHOENIX_EVENT: dict[str, Any] = {
    "event_id": "01936f2e-4b1c-7c3e-9a55-2f5a6a1d9b11",
    "event_type": "achievement.completed",
    "tenant_id": "your-tenant-id",
    "user_id": "user_123",
    "timestamp": "2025-01-15T10:00:00Z",
    "attributes": {"achievement_id": "first-win", "completion_count": 1},
}
EVENT_BATCH = {"events": [CLOUD_EVENT, PHOENIX_EVENT]}
EVENT_IDS = [CLOUD_EVENT["id"], PHOENIX_EVENT["event_id"]]
ACCEPTED_REQUEST: Document = {"status": "accepted"}
ACCEPTED_EVENT = {**ACCEPTED_REQUEST, "event_id": EVENT_IDS[0]}
ACCEPTED_EVENTS = {**ACCEPTED_REQUEST, "accepted": 2, "event_ids": EVENT_IDS}


class AcceptedRequestSchema(ResponseSchema):
    """The request is stored and will be processed."""

    example = ACCEPTED_REQUEST

    status = ChoiceField("accepted", required=True)


class AcceptedEventSchema(AcceptedRequestSchema):
    """A milestone is stored and will reach the workers."""

    example = ACCEPTED_EVENT

    event_id = fields.String(required=True)


class AcceptedEventsSchema(AcceptedRequestSchema):
    """All milestones are stored and will reach the workers."""

    example = ACCEPTED_EVENTS

    accepted = fields.Integer(required=True)
    event_ids = fields.List(fields.String(), required=True)


DEAD_LETTER = {
    "id": "01936f2e-5c2d-7d4f-8b66-3f6b7b2eac21",
    "tenant_id": "your-tenant-id",
    "queue": "coupons.streak",
    "routing_key": "streak.milestone",
    "content_type": "application/cloudevents+json",
    "reason": "Invalid body: data.threshold: expected an integer of 1 to 1000000000",
    "body": json.dumps({**CLOUD_EVENT, "data": {"streak_id": "s", "threshold": 0}}),
    "body_encoding": "text",
    "received_at": "2025-01-15T10:00:00Z",
}


class DeadLetterSchema(ResponseSchema):
    """A message that could not be processed, and why."""

    example = DEAD_LETTER

    id = fields.UUID(required=True, attribute="letter_id")
    tenant_id = fields.String(required=True)
    queue = fields.String(required=True)
    routing_key = fields.String(required=True)
    content_type = fields.String(required=True)
    reason = fields.String(required=True)
    body = fields.String(
        required=True, metadata={"description": "The first 64 KiB, as received."}
    )
    body_encoding = ChoiceField("text", "base64", required=True)
    received_at = UtcDateTime(required=True)

    @pre_dump
    def encode_body(self, letter: DeadLetter, **_: Any) -> Document:
        """Show a body that is not text in base64."""
        text = dead_letters.decode_body(letter)
        is_text = text is not None
        return asdict(letter) | {
            "body": text if is_text else base64.b64encode(letter.body),
            "body_encoding": "text" if is_text else "base64",
        }


DeadLetterListSchema = build_list_schema(
    "DeadLetterList", dead_letters=DeadLetterSchema
)
serialize_dead_letter: Serializer = DeadLetterSchema().dump
