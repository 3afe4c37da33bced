"""Query parameters of failed attempts and of signals."""

import base64
import binascii
import json
from datetime import datetime
from typing import Any

from marshmallow import ValidationError, post_load, validates

from admin_gateway.requests.codes import CURSOR_EXPECTED
from admin_gateway.requests.fields import EnumField
from admin_gateway.requests.since import SinceField, refuse_two_periods
from coupon_core.domain.models.attempts import (
    AttemptAction,
    Signal,
    SignalFilter,
    SignalKind,
)
from coupon_core.domain.timestamps import format_timestamp
from coupon_core.schemas.base import LenientSchema
from coupon_core.schemas.codes import EnteredCodeField
from coupon_core.schemas.entered_times import EnteredTimeField
from coupon_core.schemas.fields import StrictQueryInteger, StrictString
from coupon_core.schemas.identifiers import UserIdField, UuidField
from coupon_core.web.error_catalogue import MAMBO, PHOENIX, PLAYCAMP, list_codes

REASON_EXPECTED = (
    "an error code of one of the APIs as docs/errors.md writes it, such as "
    "COUPON_EXPIRED or CouponExpiredException"
)
CURSOR_METADATA = {
    "description": "Position of the next page: `next` of the previous response."
}


class AttemptQuerySchema(LenientSchema):
    """A page and filters of failed attempts."""

    code = EnteredCodeField(metadata={"description": "Only attempts with this code."})
    user_id = UserIdField()
    reason = StrictString(
        max_length=64,
        pattern="^[A-Za-z_]+$",
        expectation=REASON_EXPECTED,
        metadata={"description": "Error code of the answer, such as COUPON_EXPIRED."},
    )
    action = EnumField(AttemptAction)
    definition_id = UuidField()
    since = EnteredTimeField("At or after this time.", in_utc=True, data_key="from")
    until = EnteredTimeField("Before this time.", in_utc=True, data_key="to")
    limit = StrictQueryInteger(min_value=1, max_value=500, load_default=100)
    cursor = UuidField(metadata=CURSOR_METADATA)

    @validates("reason")
    def require_known_reason(self, reason: str, **_: Any) -> None:
        """Refuse a mistyped error code, of which there would seem to be no attempt."""
        if not any(reason in list_codes(api) for api in (PHOENIX, PLAYCAMP, MAMBO)):
            raise ValidationError(f"expected {REASON_EXPECTED}")


class SignalQuerySchema(LenientSchema):
    """A page and filters of signals; loads as `signal_filter`, `limit` and `before`."""

    kind = EnumField(SignalKind)
    since = EnteredTimeField(
        "Signals of hours that began at or after this time.",
        in_utc=True,
        data_key="from",
    )
    until = EnteredTimeField(
        "Signals of hours that began before this time.", in_utc=True, data_key="to"
    )
    time_back = SinceField("counted in hours", data_key="since")
    limit = StrictQueryInteger(min_value=1, max_value=500, load_default=100)
    cursor = StrictString(max_length=2_000, metadata=CURSOR_METADATA)

    @post_load
    def to_page(self, members: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Combine the filters into a `SignalFilter`, and read the cursor."""
        limit, cursor = members.pop("limit"), members.pop("cursor", None)
        before = None if cursor is None else parse_signal_cursor(cursor)
        if time_back := members.pop("time_back", None):
            refuse_two_periods(members, "since", "until")
            members["since"] = time_back.start
        filters = SignalFilter(**members)
        return {"signal_filter": filters, "limit": limit, "before": before}


def format_signal_cursor(signal: Signal) -> str:
    """Return an opaque cursor for the page after a signal."""
    key = [format_timestamp(signal.hour_at), signal.kind, signal.subject]
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode().rstrip("=")


def parse_signal_cursor(cursor: str) -> Signal:
    """Return the key of the signal that a cursor names, as a signal without counts.

    Raises:
        ValidationError: The cursor is malformed.
    """
    try:
        decoded = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        hour, kind, subject = map(str, json.loads(decoded))
        hour_at = datetime.fromisoformat(hour)
        is_valid = hour_at.tzinfo is not None and "\0" not in kind + subject
        subject.encode()  # no lone surrogates
    except (binascii.Error, ValueError, TypeError, RecursionError):
        is_valid = False
    if not is_valid:
        raise ValidationError({"cursor": [f"expected {CURSOR_EXPECTED}"]})
    return Signal(hour_at, kind, subject, count=0, first_at=hour_at, last_at=hour_at)
