"""Webargs parser of `@blueprint.arguments(Schema)`: strict JSON and queries."""

from collections.abc import Mapping
from typing import Any, NoReturn

from flask import Request
from marshmallow import Schema, ValidationError
from webargs.flaskparser import FlaskParser

from coupon_core.domain.metadata import FILTER_PREFIX
from coupon_core.schemas.errors import Target
from coupon_core.schemas.metadata import FILTER_PARAMETER, group_metadata_filters
from coupon_core.schemas.query_lists import QueryList
from coupon_core.schemas.validation_errors import convert_messages
from coupon_core.web.query_string import list_parameter_names, parse_query
from coupon_core.web.request_body import read_object, read_optional_object

ERROR_TARGETS: Mapping[str, Target] = {
    "json": "body",
    "query": "query",
    "querystring": "query",
    "path": "path",
    "view_args": "path",
    "headers": "header",
}


class StrictParser(FlaskParser):
    """A webargs parser that uses our readers for bodies and query strings."""

    DEFAULT_VALIDATION_STATUS = 400

    def load_json(self, req: Request, schema: Schema) -> dict[str, Any]:
        """Return the body as a JSON object, parsed by `strict_json`."""
        is_optional = getattr(schema, "allow_empty_body", False)
        return read_optional_object(req) if is_optional else read_object(req)

    def load_querystring(self, req: Request, schema: Schema) -> dict[str, Any]:
        """Return the parameters that the schema defines, by `query_string`."""
        known_names = {field.data_key or name for name, field in schema.fields.items()}
        list_names = {
            field.data_key or name
            for name, field in schema.fields.items()
            if isinstance(field, QueryList)
        }
        if FILTER_PARAMETER in known_names:
            known_names |= {
                name
                for name in list_parameter_names(req.environ)
                if name.startswith(FILTER_PREFIX)
            }
        return group_metadata_filters(parse_query(req.environ, known_names, list_names))

    def handle_error(
        self, error: ValidationError, req: Request, schema: Schema, **_: Any
    ) -> NoReturn:
        """Raise the 400 with a detail for every invalid field."""
        messages: dict[str, Any] = error.messages  # type: ignore[assignment]
        location, location_messages = next(iter(messages.items()))
        raise convert_messages(
            location_messages, ERROR_TARGETS.get(location, "body")
        ) from None
