"""All messages on the broker: exchange, routing key, schema and example."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from marshmallow import Schema, fields

from admin_gateway.asyncapi.data_schemas import (
    BLOCK_DATA,
    BatchDataSchema,
    BlockDataSchema,
    ConfirmationDataSchema,
    CouponDataSchema,
    DefinitionDataSchema,
    ExhaustionDataSchema,
    JobDataSchema,
    RedemptionDataSchema,
    RefundDataSchema,
    ReservationDataSchema,
    ReversalDataSchema,
    SignalDataSchema,
)
from admin_gateway.requests.milestones import (
    CLOUD_EVENT_SUFFIX,
    ENVELOPES,
    PHOENIX_EVENT_SUFFIX,
    build_milestone_schema,
    extend_schema,
    to_class_name,
)
from admin_gateway.responses.attempts import SIGNAL
from admin_gateway.responses.batches import BATCH
from admin_gateway.responses.codes import (
    COMPLETED_EXPIRY_CHANGE,
    COMPLETED_EXTENSION_JOB,
    COMPLETED_IMPORT_JOB,
    COMPLETED_JOB,
    COMPLETED_RESTORATION,
)
from admin_gateway.responses.events import CLOUD_EVENT, PHOENIX_EVENT
from coupon_core.domain.models import MILESTONE_TYPES, Trigger
from coupon_core.messaging.topology import (
    CONTENT_TYPE,
    EVENTS_EXCHANGE,
    OUT_EXCHANGE,
    ROUTING_KEYS,
)
from coupon_core.schemas.base import LenientSchema
from coupon_core.schemas.fields import ChoiceField
from coupon_core.schemas.identifiers import TenantIdField
from coupon_core.schemas.phoenix_documents import EXAMPLE_COUPON

Example = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Message:
    """A kind of message; `suffix` distinguishes the envelopes of one event type."""

    event_type: str
    suffix: str
    exchange: str
    routing_key: str
    schema: type[Schema]
    example: Example

    @property
    def name(self) -> str:
        """Return its name as one word, such as StreakMilestoneReached."""
        return to_class_name(self.event_type + self.suffix)

    @property
    def content_type(self) -> str:
        """Return its content type; only CloudEvents have one of their own."""
        return "application/json" if self.suffix else CONTENT_TYPE

    @property
    def is_incoming(self) -> bool:
        """Return True if other services send the message to this system."""
        return self.exchange == EVENTS_EXCHANGE


ENVELOPE_EXAMPLES = {
    CLOUD_EVENT_SUFFIX: CLOUD_EVENT,
    PHOENIX_EVENT_SUFFIX: PHOENIX_EVENT,
}
# Example data of each milestone.
MILESTONE_DATA_EXAMPLES: Mapping[Trigger, Example] = {
    Trigger.STREAK_MILESTONE: CLOUD_EVENT["data"],
    Trigger.ACHIEVEMENT_COMPLETED: PHOENIX_EVENT["attributes"],
    Trigger.LEADERBOARD_RANK: {
        "leaderboard_id": "xp-weekly-global",
        "rank": 3,
        "window_key": "2025-W03",
    },
}


class OutgoingEventSchema(LenientSchema):
    """A CloudEvents 1.0 event in JSON; delivered at least once, always with its id."""

    specversion = ChoiceField("1.0", required=True)
    id = fields.UUID(required=True)
    source = fields.String(required=True)
    subject = fields.String(
        metadata={"description": "User ID; absent if the event is about no user."}
    )
    time = fields.DateTime(required=True)
    datacontenttype = ChoiceField("application/json", required=True)
    tenantid = TenantIdField(required=True)


REDEEMED_COUPON = {
    **EXAMPLE_COUPON,
    "status": "redeemed",
    "redeemed_at": "2025-01-16T10:00:00Z",
    "redemption_count": 1,
}
DEFINITION_DATA = {
    "definition_id": EXAMPLE_COUPON["definition_id"],
    "name": EXAMPLE_COUPON["definition_name"],
    "campaign_id": None,
    "total_limit": 5_000,
    "expires_at": "2025-01-16T10:00:00Z",
}
USE_MEMBERS = {"dialect": "phoenix", "creator_key": None}
REDEMPTION_MEMBERS = {"redemption_id": 1024, "use_number": 1, **USE_MEMBERS}
RESERVATION = {
    "reservation_id": "01936f2e-6d3e-7e50-9c77-4a7c8c3fbd32",
    "user_id": "user_123",
    "expires_at": "2025-01-15T10:15:00Z",
    "reference": "order-1001",
    "metadata": {},
    "coupon": EXAMPLE_COUPON,
}
# The data schema of each outgoing event, with an example.
OUTGOING_EVENTS: Mapping[str, tuple[type[Schema], Example]] = {
    "coupon.generated": (CouponDataSchema, {"coupon": EXAMPLE_COUPON}),
    "coupon.redeemed": (
        RedemptionDataSchema,
        {**REDEMPTION_MEMBERS, "coupon": REDEEMED_COUPON},
    ),
    "coupon.refunded": (
        RefundDataSchema,
        {
            "use_numbers": [1],
            **USE_MEMBERS,
            "points": None,
            "coupon": EXAMPLE_COUPON,
        },
    ),
    "redemption.reversed": (
        ReversalDataSchema,
        {
            **REDEMPTION_MEMBERS,
            "reason": "Order cancelled",
            "points": None,
            "coupon": EXAMPLE_COUPON,
        },
    ),
    "reservation.created": (ReservationDataSchema, RESERVATION),
    "reservation.confirmed": (
        ConfirmationDataSchema,
        {**RESERVATION, "redemption_id": 1024, "coupon": REDEEMED_COUPON},
    ),
    "reservation.released": (ReservationDataSchema, RESERVATION),
    "reservation.expired": (ReservationDataSchema, RESERVATION),
    "coupon.revoked": (
        CouponDataSchema,
        {"coupon": {**EXAMPLE_COUPON, "status": "revoked"}},
    ),
    "coupon.restored": (CouponDataSchema, {"coupon": EXAMPLE_COUPON}),
    "coupon.assigned": (CouponDataSchema, {"coupon": EXAMPLE_COUPON}),
    "coupon.expired": (
        CouponDataSchema,
        {"coupon": {**EXAMPLE_COUPON, "status": "expired"}},
    ),
    "batch.completed": (
        BatchDataSchema,
        {name: BATCH[name] for name in BatchDataSchema._declared_fields},
    ),
    "definition.exhausted": (
        ExhaustionDataSchema,
        {**DEFINITION_DATA, "cause": "total_limit"},
    ),
    "definition.expiring": (DefinitionDataSchema, DEFINITION_DATA),
    "signal.raised": (
        SignalDataSchema,
        {name: SIGNAL[name] for name in SignalDataSchema._declared_fields},
    ),
    "guessing.blocked": (BlockDataSchema, BLOCK_DATA),
    "codes.revoked": (JobDataSchema, {"job": COMPLETED_JOB}),
    "codes.restored": (JobDataSchema, {"job": COMPLETED_RESTORATION}),
    "codes.expiry_changed": (JobDataSchema, {"job": COMPLETED_EXPIRY_CHANGE}),
    "codes.extended": (JobDataSchema, {"job": COMPLETED_EXTENSION_JOB}),
    "codes.imported": (JobDataSchema, {"job": COMPLETED_IMPORT_JOB}),
}


def _build_messages() -> Iterator[Message]:
    for event_type, trigger in MILESTONE_TYPES.items():
        for envelope, example in ENVELOPE_EXAMPLES.items():
            _, type_name, data_name, _ = ENVELOPES[envelope]
            data = {type_name: event_type, data_name: MILESTONE_DATA_EXAMPLES[trigger]}
            schema = build_milestone_schema(event_type, envelope, requires_tenant=True)
            yield Message(
                event_type,
                envelope,
                exchange=EVENTS_EXCHANGE,
                routing_key=ROUTING_KEYS[trigger],
                schema=schema,
                example={**example, **data},
            )
    for event_type, (data_schema, example) in OUTGOING_EVENTS.items():
        members = {
            "type": ChoiceField(event_type, required=True),
            "data": fields.Nested(data_schema, required=True),
        }
        schema = extend_schema(OutgoingEventSchema, event_type, members=members)
        yield Message(
            event_type,
            "",
            exchange=OUT_EXCHANGE,
            routing_key=event_type,
            schema=schema,
            example=_build_outgoing_example(event_type, example),
        )


def _build_outgoing_example(event_type: str, data: Example) -> Example:
    return {
        "specversion": "1.0",
        "id": "01936f2e-6d3e-7e50-9c77-4a7c8c3fbd32",
        "source": "/coupons/your-tenant-id",
        "type": event_type,
        "subject": "user_123",
        "time": "2025-01-15T10:00:00.000Z",
        "datacontenttype": "application/json",
        "tenantid": "your-tenant-id",
        "data": data,
    }


MESSAGES = tuple(_build_messages())
