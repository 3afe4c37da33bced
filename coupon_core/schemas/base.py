"""Base schemas of both gateways, and the query parameters of paginated lists."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from marshmallow import EXCLUDE, RAISE, Schema, ValidationError, missing

from coupon_core.schemas.fields import StrictQueryInteger

Document = dict[str, Any]
"""A JSON object."""
Serializer = Callable[[Any], Document]

_ERROR_MESSAGES = {
    "unknown": "unknown member; expected only documented members",
    "type": "expected a JSON object",
}


class StrictSchema(Schema):
    """A schema that refuses unknown members; used for writes of the admin gateway."""

    class Meta:
        """Refuse unknown members."""

        unknown = RAISE

    error_messages = _ERROR_MESSAGES
    allow_empty_body: ClassVar[bool] = False
    """Treat a request without a body as `{}`; otherwise it is refused with 400."""


class LenientSchema(StrictSchema):
    """A schema that ignores unknown members; used for redeem and for messages."""

    class Meta:
        """Ignore unknown members."""

        unknown = EXCLUDE


def load_message(schema: LenientSchema, document: Mapping[str, Any]) -> Any:
    """Return what `schema.load` returns, at three quarters of its CPU if it is valid.

    For flat schemas without hooks, whose members have the names of their fields.

    Raises:
        ValidationError: The errors of `schema.load`.
    """
    try:
        values = {
            name: field.deserialize(document.get(name, missing))
            for name, field in schema.load_fields.items()
        }
    except ValidationError:
        return schema.load(document)  # reports all errors, not just one
    return {name: value for name, value in values.items() if value is not missing}


class ResponseSchema(LenientSchema):
    """A schema that documents a response body, and serializes it from a value."""

    example: ClassVar[Any] = None
    """The example in the OpenAPI document, unless a route gives another one."""


class PageQuerySchema(LenientSchema):
    """The pagination parameters of a list (`docs/api-contracts.md` 0.14)."""

    limit = StrictQueryInteger(
        min_value=1,
        max_value=500,
        load_default=100,
        metadata={"description": "Maximum number of entries to return."},
    )
    offset = StrictQueryInteger(
        min_value=0,
        max_value=1_000_000_000,
        load_default=0,
        metadata={"description": "Number of entries to skip."},
    )
