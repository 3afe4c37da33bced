"""The blueprint of both gateways: documents views without a cost per request."""

from collections.abc import Callable
from copy import deepcopy
from functools import wraps
from typing import Any, TypeVar

from flask import Response
from flask_smorest import Api, Blueprint  # type: ignore[import-untyped]
from marshmallow import Schema, fields

from coupon_core.schemas.base import ResponseSchema
from coupon_core.web.argument_parser import StrictParser
from coupon_core.web.responses import json_response

View = TypeVar("View", bound=Callable[..., Any])
BODY_LIMIT_ATTRIBUTE = "_body_limit"


def _document_only(decorate: Callable[..., Any]) -> Callable[[View], View]:
    """Keep the documentation that a decorator adds, and drop its wrapper."""

    def copy_documentation(view: View) -> View:
        view._apidoc = decorate(view)._apidoc  # type: ignore[attr-defined]
        return view

    return copy_documentation


class JsonBlueprint(Blueprint):
    """A flask-smorest blueprint whose views return a value or a response.

    `response` serializes a value with its schema; `alt_response` and `doc` only
    document. `arguments` parses strictly: `location="json"` with `strict_json`,
    `"query"` with `query_string`.
    """

    ARGUMENTS_PARSER = StrictParser()

    def route(self, rule: str, **options: Any) -> Callable[[View], View]:
        """Register a view under a rule and document it."""
        decorator: Callable[[View], View] = super().route(rule, **options)
        return decorator

    def arguments(
        self, schema: type[Schema] | Schema, **options: Any
    ) -> Callable[[View], View]:
        """Parse and document the arguments of a view.

        A schema class is instantiated once instead of for every request.
        """
        shared_schema = schema() if isinstance(schema, type) else schema
        decorator: Callable[[View], View] = super().arguments(shared_schema, **options)
        return decorator

    def response(
        self, status: int, schema: Any = None, **options: Any
    ) -> Callable[[View], Callable[..., Response]]:
        """Document the response of a view, and serialize the value that it returns.

        The value may be followed by headers. A view that returns a response is only
        documented. The example is that of the schema, unless another one is given.
        """
        if not options.keys() & {"example", "examples"}:
            options["example"] = getattr(schema, "example", None)
        shared_schema = schema() if isinstance(schema, type) else schema
        document = _document_only(super().response(status, shared_schema, **options))

        # The wrapper of flask-smorest costs 7 µs more, also for a finished response.
        def serialize_result(view: View) -> Callable[..., Response]:
            @wraps(document(view))
            def view_with_response(*args: Any, **kwargs: Any) -> Response:
                result = view(*args, **kwargs)
                if isinstance(result, Response):
                    return result
                value, headers = result if type(result) is tuple else (result, None)
                if isinstance(shared_schema, Schema):
                    value = shared_schema.dump(value)
                return json_response(value, status, headers)

            return view_with_response

        return serialize_result

    def alt_response(self, *args: Any, **kwargs: Any) -> Callable[[View], View]:
        """Document another response of a view."""
        return _document_only(super().alt_response(*args, **kwargs))

    def doc(self, **kwargs: Any) -> Callable[[View], View]:
        """Document anything else; `security=[]` makes a route public."""
        return _document_only(super().doc(**kwargs))


def document_query(schema: type[Schema]) -> Callable[[View], View]:
    """Document query parameters that the view parses itself for speed."""

    return _add_parameter({"in": "query", "schema": schema})


def document_body(schema: Any, example: Any) -> Callable[[View], View]:
    """Document a JSON body that the view parses itself for speed."""

    body = {"in": "json", "required": True, "schema": schema, "example": example}
    return _add_parameter(body)


def _add_parameter(parameter: dict[str, Any]) -> Callable[[View], View]:
    def add_parameter(view: View) -> View:
        apidoc = deepcopy(getattr(view, "_apidoc", {}))
        arguments = apidoc.setdefault("arguments", {})
        arguments.setdefault("parameters", []).append(dict(parameter))
        view._apidoc = apidoc  # type: ignore[attr-defined]
        return view

    return add_parameter


def limit_body(max_bytes: int) -> Callable[[View], View]:
    """Set the body limit of a route in bytes (bulk and import routes)."""

    def set_body_limit(view: View) -> View:
        setattr(view, BODY_LIMIT_ATTRIBUTE, max_bytes)
        return view

    return set_body_limit


class ErrorDetailSchema(ResponseSchema):
    """One invalid field."""

    message = fields.String(required=True)
    path = fields.String(required=True)
    target = fields.String(required=True)


class ErrorSchema(ResponseSchema):
    """The error body of the Phoenix dialect (`docs/api-contracts.md` 0.3)."""

    error = fields.String(required=True)
    message = fields.String(required=True)
    code = fields.String(required=True)
    request_id = fields.String(required=True)
    details = fields.List(fields.Nested(ErrorDetailSchema))


class JsonApi(Api):
    """flask-smorest's OpenAPI collector, without its error handlers."""

    ERROR_SCHEMA = ErrorSchema
    DEFAULT_ERROR_RESPONSE_NAME = None  # `openapi` names a response for each status

    def _register_error_handlers(self) -> None:
        """Do nothing: `error_handlers` registers ours."""


def copy_property_names(_: Any, field: fields.Field[Any], **__: Any) -> dict[str, Any]:
    """Return `propertyNames`, which apispec does not copy from a field's metadata."""
    names = field.metadata.get("propertyNames")
    return {"propertyNames": names} if names else {}
