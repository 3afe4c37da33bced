"""A marshmallow field of nested objects whose messages name the members."""

from typing import Any

from marshmallow import Schema, fields

from coupon_core.schemas.fields import escape_braces, with_error_messages

MAX_LISTED_MEMBERS = 6


class StrictNested(fields.Nested):
    """An object that is validated by a schema; messages name its members."""

    def __init__(self, schema: type[Schema], **options: Any) -> None:
        expected_text = f"an object with the members {_list_members(schema)}"
        super().__init__(
            schema, **with_error_messages(escape_braces(expected_text), options)
        )

    def _deserialize(self, value: Any, *args: Any, **options: Any) -> Any:
        if not isinstance(value, dict):
            raise self.make_error("invalid")
        return super()._deserialize(value, *args, **options)


def _list_members(schema: type[Schema]) -> str:
    """Return the names of a schema's members, at most `MAX_LISTED_MEMBERS`."""
    members = schema._declared_fields.items()
    names = [field.data_key or name for name, field in members]
    listed = ", ".join(names[:MAX_LISTED_MEMBERS])
    return listed if len(names) <= MAX_LISTED_MEMBERS else f"{listed}, …"
