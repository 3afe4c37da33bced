"""Marshmallow fields and schemas that responses are serialized with."""

import json
from datetime import datetime
from typing import Any

from marshmallow import fields

from coupon_core.domain.timestamps import format_timestamp_milliseconds
from coupon_core.schemas.base import ResponseSchema
from coupon_core.schemas.fields import UtcDateTime


class MillisecondsDateTime(UtcDateTime):
    """A timestamp that is written as `2026-12-31T23:59:59.000Z`."""

    def _serialize(self, value: datetime | None, *_: Any, **__: Any) -> str | None:
        return format_timestamp_milliseconds(value)


class NullableString(fields.String):
    """Text that may be null; empty text is written as null."""

    def __init__(self, **options: Any) -> None:
        super().__init__(required=True, allow_none=True, **options)

    def _serialize(self, value: str | None, *_: Any, **__: Any) -> str | None:
        return value or None


class SortedList(fields.List[Any]):
    """A list in a fixed order of a set."""

    def _serialize(self, value: Any, *args: Any, **options: Any) -> Any:
        return super()._serialize(sorted(value), *args, **options)


class JsonText(fields.Dict):
    """An object that is stored as JSON text."""

    def _serialize(self, value: Any, *_: Any, **__: Any) -> Any:
        return json.loads(value)


def build_list_schema(name: str, **lists: type[ResponseSchema]) -> type[ResponseSchema]:
    """Return the schema of a page of a list, and the number of all matches.

    `name` is the name of the component in the OpenAPI document.
    """
    ((member, schema),) = lists.items()
    members = {
        member: fields.List(fields.Nested(schema), required=True),
        "total": fields.Integer(required=True),
    }
    example = {member: [schema.example], "total": 1}
    return type(name, (ResponseSchema,), {**members, "example": example})
