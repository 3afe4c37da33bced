"""Response schemas and examples of failed attempts and of signals."""

from typing import Any

from marshmallow import fields

from admin_gateway.requests.attempts import format_signal_cursor
from coupon_core.domain.models import Dialect
from coupon_core.domain.models.attempts import (
    Attempt,
    AttemptAction,
    Signal,
    SignalKind,
)
from coupon_core.schemas.base import Document, ResponseSchema
from coupon_core.schemas.fields import ChoiceField, UtcDateTime

ATTEMPT: dict[str, Any] = {
    "attempt_id": "01936f2e-8f5a-7072-9e99-6c9eae51dd54",
    "attempted_at": "2025-01-15T14:30:00Z",
    "user_id": "user_123",
    "masked_code": "WEL***********P",
    "definition_id": "660e8400-e29b-41d4-a716-446655440001",
    "action": "redeem",
    "reason": "COUPON_EXPIRED",
    "dialect": "phoenix",
}
SIGNAL: dict[str, Any] = {
    "hour": "2025-01-15T14:00:00Z",
    "kind": "user_failures",
    "subject": "user_123",
    "count": 41,
    "first": "2025-01-15T14:03:12Z",
    "last": "2025-01-15T14:30:00Z",
}
ATTEMPT_PAGE = {"attempts": [ATTEMPT], "next": None, "has_more": False}
SIGNAL_PAGE = {"signals": [SIGNAL], "next": None, "has_more": False}
KIND_METADATA = {
    "description": "`code_shared`: different users tried a code of another user. "
    "`user_failures`: a user was refused. `reference_reused`: redemptions had the same "
    "reference."
}
SUBJECT_METADATA = {"description": "The coupon ID, the user ID or the reference."}
COUNT_METADATA = {"description": "Users, refusals or redemptions within the hour."}
HAS_MORE = {"description": "True if there is another page."}


class AttemptSchema(ResponseSchema):
    """A call that was refused; of its code only some characters can be read."""

    example = ATTEMPT

    attempt_id = fields.UUID(required=True)
    attempted_at = UtcDateTime(required=True)
    user_id = fields.String(
        required=True, metadata={"description": "User ID; empty if none was named."}
    )
    masked_code = fields.String(
        required=True,
        metadata={
            "description": "The code with most of its characters replaced by `*`; all "
            "of them if it cannot be a code, and empty for the action confirm."
        },
    )
    definition_id = fields.UUID(
        required=True,
        allow_none=True,
        metadata={"description": "Definition of the code; null if it is unknown."},
    )
    action = ChoiceField(*AttemptAction, required=True)
    reason = fields.String(
        required=True,
        metadata={"description": "Error code of the answer, as /errors explains it."},
    )
    dialect = ChoiceField(*Dialect, required=True)


class AttemptPageSchema(ResponseSchema):
    """A page of failed attempts, newest first."""

    example = ATTEMPT_PAGE

    attempts = fields.List(fields.Nested(AttemptSchema), required=True)
    next = fields.String(required=True, allow_none=True)
    has_more = fields.Boolean(required=True, metadata=HAS_MORE)


class SignalSchema(ResponseSchema):
    """Something that happened suspiciously often within an hour."""

    example = SIGNAL

    hour = UtcDateTime(required=True, attribute="hour_at")
    kind = ChoiceField(
        *SignalKind,
        required=True,
        metadata=KIND_METADATA,
    )
    subject = fields.String(required=True, metadata=SUBJECT_METADATA)
    count = fields.Integer(required=True, metadata=COUNT_METADATA)
    first = UtcDateTime(required=True, attribute="first_at")
    last = UtcDateTime(required=True, attribute="last_at")


class SignalPageSchema(ResponseSchema):
    """A page of signals, those of the newest hour first."""

    example = SIGNAL_PAGE

    signals = fields.List(fields.Nested(SignalSchema), required=True)
    next = fields.String(required=True, allow_none=True)
    has_more = fields.Boolean(required=True, metadata=HAS_MORE)


def to_attempt_page(page: tuple[list[Attempt], str | None]) -> Document:
    """Return a page of attempts as the value of `AttemptPageSchema`."""
    rows, cursor = page
    return {"attempts": rows, "next": cursor, "has_more": cursor is not None}


def to_signal_page(page: tuple[list[Signal], bool]) -> Document:
    """Return a page of signals as the value of `SignalPageSchema`."""
    rows, has_more = page
    cursor = format_signal_cursor(rows[-1]) if has_more else None
    return {"signals": rows, "next": cursor, "has_more": has_more}
