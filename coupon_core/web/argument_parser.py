"""What `@blueprint.arguments(Schema)` does: read strictly, name every bad field."""

from collections.abc import Mapping
from typing import Any, NoReturn

from flask import Request
from marshmallow import Schema, ValidationError
from webargs.flaskparser import FlaskParser

from coupon_core.schemas.errors import Target
from coupon_core.schemas.validation_errors import from_messages
from coupon_core.web.query_string import strict_query
from coupon_core.web.request_body import read_object, read_optional_object

TARGETS: Mapping[str, Target] = {
    "json": "body",
    "query": "query",
    "querystring": "query",
    "path": "path",
    "view_args": "path",
    "headers": "header",
}


class StrictParser(FlaskParser):
    """Webargs with our readers; of a body, the schema says what may be unknown."""

    DEFAULT_VALIDATION_STATUS = 400

    def load_json(self, req: Request, schema: Schema) -> dict[str, Any]:
        """The body, by `strict_json`."""
        optional = getattr(schema, "no_body_is_empty", False)
        return read_optional_object(req) if optional else read_object(req)

    def load_querystring(self, req: Request, schema: Schema) -> dict[str, str]:
        """The parameters that the schema knows, by `queries`."""
        known = {field.data_key or name for name, field in schema.fields.items()}
        return strict_query(req.environ, known)

    def handle_error(
        self, error: ValidationError, req: Request, schema: Schema, **_: Any
    ) -> NoReturn:
        """Raise the 400 with a detail for every field."""
        messages: dict[str, Any] = error.messages  # type: ignore[assignment]
        (location, found), *_rest = messages.items()
        raise from_messages(found, TARGETS.get(location, "body")) from None
