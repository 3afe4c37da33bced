"""How the stock of codes stands in the OpenAPI document."""

from typing import Any

from marshmallow import fields

from coupon_core.domain.models.inventory import JobKind, JobState
from coupon_core.schemas.base import Tolerant
from coupon_core.schemas.fields import Choice
from coupon_core.schemas.phoenix_documents import COUPON, Coupon

BATCH_ID = "aa0e8400-e29b-41d4-a716-446655440005"
KEY_ID = "880e8400-e29b-41d4-a716-446655440003"
STOCKED = {**COUPON, "batch_id": BATCH_ID}
CODES = {"coupons": [STOCKED], "next": "AZNvLm0-flCcd0p8jD-9MvY1oQQ"}
TIMELINE = [
    {
        "at": "2025-01-15T10:00:00Z",
        "event": "generated",
        "by": None,
        "batch_id": BATCH_ID,
    },
    {
        "at": "2025-01-16T09:30:00Z",
        "event": "assigned",
        "by": KEY_ID,
        "user_id": "user_123",
    },
]
TOLD = {**STOCKED, "timeline": TIMELINE}


class StockedCoupon(Coupon):
    """A coupon with the batch that it was made in."""

    batch_id = fields.UUID(required=True, allow_none=True)


class Codes(Tolerant):
    """Some coupons, newest first; `next` is where to go on, null at the end."""

    coupons = fields.List(fields.Nested(StockedCoupon), required=True)
    next = fields.String(required=True, allow_none=True)


class Moment(Tolerant):
    """Something that became of a coupon, and by whom, where that is known."""

    at = fields.DateTime(required=True)
    event = fields.String(required=True)
    by = fields.String(required=True, allow_none=True)


class ToldCoupon(StockedCoupon):
    """A coupon with all that became of it."""

    timeline = fields.List(fields.Nested(Moment), required=True)


JOB: dict[str, Any] = {
    "job_id": "bb0e8400-e29b-41d4-a716-446655440006",
    "kind": "revoke",
    "state": "running",
    "definition_id": None,
    "batch_id": BATCH_ID,
    "user_id": None,
    "expires_at": None,
    "by": KEY_ID,
    "total": None,
    "done": 4000,
    "skipped": 0,
    "created_at": "2025-01-16T10:00:00Z",
    "updated_at": "2025-01-16T10:00:01Z",
    "finished_at": None,
}
FINISHED = {
    "state": "completed",
    "done": 12,
    "finished_at": "2025-01-16T10:00:01Z",
}
DONE_JOB = {**JOB, **FINISHED, "batch_id": None, "user_id": "user_123"}
JOBS = {"jobs": [JOB], "total": 1}
EXTENSION = {**JOB, "kind": "extend", "expires_at": "2025-12-31T23:59:59Z"}
DONE_EXTENSION = {**EXTENSION, **FINISHED}


class Job(Tolerant):
    """Work on many codes: what is done, and how far it is."""

    job_id = fields.UUID(required=True)
    kind = Choice(*JobKind, required=True)
    state = Choice(*JobState, required=True)
    definition_id = fields.UUID(required=True, allow_none=True)
    batch_id = fields.UUID(required=True, allow_none=True)
    user_id = fields.String(required=True, allow_none=True)
    expires_at = fields.DateTime(required=True, allow_none=True)
    by = fields.String(required=True, allow_none=True)
    total = fields.Integer(required=True, allow_none=True)
    done = fields.Integer(required=True)
    skipped = fields.Integer(
        required=True,
        metadata={"description": "Used up, revoked before, or good for longer."},
    )
    created_at = fields.DateTime(required=True)
    updated_at = fields.DateTime(required=True)
    finished_at = fields.DateTime(required=True, allow_none=True)


class Jobs(Tolerant):
    """Jobs and how many there are."""

    jobs = fields.List(fields.Nested(Job), required=True)
    total = fields.Integer(required=True)


CSV_FILE = "code,user_id,expires_at\nPARTNER-4711,,\nPARTNER-4712,user_123,\n"
CSV_ANSWER = (
    "code,status,user_id,definition_id,definition_name,batch_id,generated_at,"
    "expires_at,redeemed_at,redemption_count\r\n"
    "WELCOME8X4F2K9P,active,user_123,660e8400-e29b-41d4-a716-446655440001,"
    "Welcome Bonus,,2025-01-15T10:00:00Z,2025-12-31T23:59:59Z,,0\r\n"
)
TEXT = {"type": "string"}
BODY = {
    "required": True,
    "content": {"text/csv": {"schema": TEXT, "example": CSV_FILE}},
}
IMPORTED = {
    **JOB,
    **FINISHED,
    "kind": "import",
    "definition_id": "660e8400-e29b-41d4-a716-446655440001",
    "total": 12,
}
IMPORT = {
    **IMPORTED,
    "rejected": 1,
    "bad_rows": [{"line": 3, "reason": "the code exists already"}],
}
RUNNING_IMPORT = {**IMPORT, "state": "running", "finished_at": None}


class BadRow(Tolerant):
    """A line that was left out."""

    line = fields.Integer(required=True)
    reason = fields.String(required=True)


class Import(Job):
    """The job that makes the imported codes; of bad lines, the first hundred."""

    rejected = fields.Integer(required=True)
    bad_rows = fields.List(fields.Nested(BadRow), required=True)
