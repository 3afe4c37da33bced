"""Marshmallow schemas as both gateways use them, and the pages of a list."""

from typing import ClassVar

from marshmallow import EXCLUDE, RAISE, Schema

from coupon_core.schemas.fields import StrictQueryInteger

_ERROR_MESSAGES = {
    "unknown": "unknown member; expected only documented ones",
    "type": "expected a JSON object",
}


class StrictSchema(Schema):
    """Refuses members it does not know, and says so (admin writes, LIMITS 5)."""

    class Meta:
        """Refuse unknown members."""

        unknown = RAISE

    error_messages = _ERROR_MESSAGES
    allow_empty_body: ClassVar[bool] = False
    """Whether a request without a body counts as `{}`; otherwise it is a 400."""


class LenientSchema(StrictSchema):
    """Ignores members it does not know (redeem)."""

    class Meta:
        """Ignore unknown members."""

        unknown = EXCLUDE


class ResponseSchema(LenientSchema):
    """Documents the body of a response; nothing is loaded or dumped with it."""


class PageQuerySchema(LenientSchema):
    """Where a list begins and how long it is (CONTRACTS 0.14)."""

    limit = StrictQueryInteger(
        min_value=1,
        max_value=500,
        load_default=100,
        metadata={"description": "How many entries to return at most."},
    )
    offset = StrictQueryInteger(
        min_value=0,
        max_value=1_000_000_000,
        load_default=0,
        metadata={"description": "How many entries to skip."},
    )
