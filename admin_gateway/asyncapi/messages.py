"""Every message of the bus: its exchange, its routing key, its shape, an example."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from marshmallow import Schema, fields

from admin_gateway.requests.milestones import (
    CLOUD,
    ENVELOPES,
    PHOENIX,
    milestone_shape,
    shaped,
    word,
)
from admin_gateway.responses.codes import (
    DONE_EXTENSION,
    DONE_JOB,
    IMPORTED,
    Job,
)
from admin_gateway.responses.events import CLOUD_EVENT, PHOENIX_EVENT
from coupon_core.domain.models import MILESTONE_TYPES, Dialect, Trigger
from coupon_core.messaging.topology import (
    CONTENT_TYPE,
    EVENTS,
    OUT,
    ROUTING_KEYS,
)
from coupon_core.schemas.base import Tolerant
from coupon_core.schemas.fields import Choice
from coupon_core.schemas.identifiers import TenantId
from coupon_core.schemas.phoenix_documents import COUPON, Coupon

Example = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Message:
    """A kind of message; `suffix` tells envelopes of one event type apart."""

    event_type: str
    suffix: str
    exchange: str
    routing_key: str
    schema: type[Schema]
    example: Example

    @property
    def name(self) -> str:
        """One word for it, such as StreakMilestoneReached."""
        return word(self.event_type + self.suffix)

    @property
    def content_type(self) -> str:
        """How it is labelled: only CloudEvents have a type of their own."""
        return "application/json" if self.suffix else CONTENT_TYPE

    @property
    def is_taken(self) -> bool:
        """Whether others send it to us, and not we to them."""
        return self.exchange == EVENTS


EXAMPLES = {CLOUD: CLOUD_EVENT, PHOENIX: PHOENIX_EVENT}
# An example of the data of each milestone.
MILESTONES: Mapping[Trigger, Example] = {
    Trigger.STREAK_MILESTONE: CLOUD_EVENT["data"],
    Trigger.ACHIEVEMENT_COMPLETED: PHOENIX_EVENT["attributes"],
    Trigger.LEADERBOARD_RANK: {
        "leaderboard_id": "xp-weekly-global",
        "rank": 3,
        "window_key": "2025-W03",
    },
}


class CouponData(Tolerant):
    """The coupon that the event is about, as it is after it."""

    coupon = fields.Nested(Coupon, required=True)


class RedemptionData(CouponData):
    """The same after a use of it."""

    redemption_id = fields.Integer(required=True)
    use_number = fields.Integer(
        required=True, metadata={"description": "Counts the coupon's uses from 1."}
    )
    dialect = Choice(*Dialect, required=True)


class PointsData(Tolerant):
    """Points that were given back."""

    point_id = fields.String(required=True)
    points = fields.Integer(required=True)


class RefundData(CouponData):
    """The same after uses of it were given back; with its points it is returned."""

    use_numbers = fields.List(
        fields.Integer(),
        required=True,
        metadata={"description": "Which of the coupon's uses no longer count."},
    )
    points = fields.Nested(PointsData, required=True, allow_none=True)


class JobData(Tolerant):
    """Work on many codes that has been done."""

    job = fields.Nested(Job, required=True)


class OutgoingEvent(Tolerant):
    """CloudEvents 1.0 in its JSON form; sent at least once, each time with its id."""

    specversion = Choice("1.0", required=True)
    id = fields.UUID(required=True)
    source = fields.String(required=True)
    subject = fields.String(metadata={"description": "The user; absent for nobody."})
    time = fields.DateTime(required=True)
    datacontenttype = Choice("application/json", required=True)
    tenantid = TenantId(required=True)


REDEEMED = {
    **COUPON,
    "status": "redeemed",
    "redeemed_at": "2025-01-16T10:00:00Z",
    "redemption_count": 1,
}
REDEMPTION = {"redemption_id": 1024, "use_number": 1, "dialect": "phoenix"}
# The data of each event that goes out, and an example of it.
CHANGES: Mapping[str, tuple[type[Schema], Example]] = {
    "coupon.generated": (CouponData, {"coupon": COUPON}),
    "coupon.redeemed": (RedemptionData, {**REDEMPTION, "coupon": REDEEMED}),
    "coupon.refunded": (
        RefundData,
        {"use_numbers": [1], "points": None, "coupon": COUPON},
    ),
    "coupon.revoked": (CouponData, {"coupon": {**COUPON, "status": "revoked"}}),
    "coupon.assigned": (CouponData, {"coupon": COUPON}),
    "coupon.expired": (CouponData, {"coupon": {**COUPON, "status": "expired"}}),
    "codes.revoked": (JobData, {"job": DONE_JOB}),
    "codes.extended": (JobData, {"job": DONE_EXTENSION}),
    "codes.imported": (JobData, {"job": IMPORTED}),
}


def _messages() -> Iterator[Message]:
    for event_type, trigger in MILESTONE_TYPES.items():
        for envelope, example in EXAMPLES.items():
            _, type_name, data_name, _ = ENVELOPES[envelope]
            data = {type_name: event_type, data_name: MILESTONES[trigger]}
            shape = milestone_shape(event_type, envelope, tells_tenant=True)
            ways = EVENTS, ROUTING_KEYS[trigger]
            yield Message(event_type, envelope, *ways, shape, {**example, **data})
    for event_type, (data_shape, example) in CHANGES.items():
        members = {
            "type": Choice(event_type, required=True),
            "data": fields.Nested(data_shape, required=True),
        }
        shape = shaped(OutgoingEvent, event_type, members)
        whole = _outgoing(event_type, example)
        yield Message(event_type, "", OUT, event_type, shape, whole)


def _outgoing(event_type: str, data: Example) -> Example:
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


MESSAGES = tuple(_messages())
