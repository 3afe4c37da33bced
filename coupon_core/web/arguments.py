"""What `@blueprint.arguments(Schema)` does: read strictly, name every bad field."""

from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

from flask import Request
from marshmallow import Schema, ValidationError
from webargs.flaskparser import FlaskParser

from .bodies import read_object, read_optional_object
from .problems import MOST_DETAILS, Detail, Problem, Target, invalid, shown
from .queries import strict_query

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


def from_validation(error: ValidationError, target: Target = "body") -> Problem:
    """The 400 for a schema that was loaded by hand in a view."""
    return from_messages(error.messages, target)


def from_messages(messages: Any, target: Target) -> Problem:
    """The 400 for marshmallow's nested messages."""
    details = []
    for path, message in _flattened(messages, ()):
        details.append(Detail(message, shown(".".join(path)), target))
        if len(details) > MOST_DETAILS:
            break
    return invalid(details or [Detail("expected something else", "", target)])


_WHOLE = "_schema"  # marshmallow's name for the object itself


def _flattened(
    messages: Any, path: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every message with its path: `{"a": {0: ["no"]}}` is `("a", "0"), "no"`."""
    if isinstance(messages, dict):
        for name, inner in messages.items():
            step = () if name == _WHOLE else (str(name),)
            yield from _flattened(inner, path + step)
    elif isinstance(messages, list):
        for message in messages:
            yield from _flattened(message, path)
    else:
        yield path, str(messages)
