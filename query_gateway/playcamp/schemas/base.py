"""The base schema of PlayCamp responses, and their envelopes."""

import re
from typing import Any

from marshmallow import fields

from coupon_core.schemas.base import ResponseSchema

EXAMPLE_PAGINATION = {"page": 1, "limit": 20, "total": 1, "totalPages": 1}


class PlayCampSchema(ResponseSchema):
    """A response whose members in camelCase show attributes in snake_case."""

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:
        """Derive the name of the attribute unless the field has one."""
        if field_obj.attribute is None:
            field_obj.attribute = re.sub("[A-Z]", _to_lower_case, field_name)


def _to_lower_case(match: re.Match[str]) -> str:
    return f"_{match[0].lower()}"


def build_localized_field(**options: Any) -> fields.Dict:
    """Return a field for a text in several languages."""
    metadata = {"description": "The text in each language; the keys are locales."}
    return fields.Dict(values=fields.String(), metadata=metadata, **options)


def build_nullable_field(
    field: type[fields.Field[Any]], **options: Any
) -> fields.Field[Any]:
    """Return a required field that may be null."""
    return field(required=True, allow_none=True, **options)


class PaginationSchema(ResponseSchema):
    """The position of a page in its list."""

    page = fields.Integer(required=True)
    limit = fields.Integer(required=True)
    total = fields.Integer(required=True)
    totalPages = fields.Integer(required=True)


def build_object_envelope(
    name: str, schema: type[ResponseSchema]
) -> type[ResponseSchema]:
    """Return the schema of an envelope with one object."""
    data = fields.Nested(schema, required=True)
    return type(
        name, (ResponseSchema,), {"data": data, "example": {"data": schema.example}}
    )


def build_list_envelope(
    name: str, schema: type[ResponseSchema]
) -> type[ResponseSchema]:
    """Return the schema of an envelope with a list."""
    data = fields.List(fields.Nested(schema), required=True)
    example = {"data": [schema.example]}
    return type(name, (ResponseSchema,), {"data": data, "example": example})


def build_page_envelope(
    name: str, schema: type[ResponseSchema]
) -> type[ResponseSchema]:
    """Return the schema of an envelope with one page of a list."""
    envelope = build_list_envelope(name, schema)
    members = {
        "pagination": fields.Nested(PaginationSchema, required=True),
        "example": {**envelope.example, "pagination": EXAMPLE_PAGINATION},
    }
    return type(name, (envelope,), members)
