"""The blueprint of both gateways: documents its views without slowing them."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any, TypeVar

from flask_smorest import Api, Blueprint  # type: ignore[import-untyped]
from marshmallow import Schema, fields

from coupon_core.schemas.base import ResponseSchema
from coupon_core.web.argument_parser import StrictParser

View = TypeVar("View", bound=Callable[..., Any])
BODY_LIMIT_ATTRIBUTE = "_body_limit"


def _document_only(decorate: Callable[..., Any]) -> Callable[[View], View]:
    """Keep what a decorator notes about a view and drop the call it wraps around it."""

    def copy_documentation(view: View) -> View:
        view._apidoc = decorate(view)._apidoc  # type: ignore[attr-defined]
        return view

    return copy_documentation


class JsonBlueprint(Blueprint):
    """A flask-smorest blueprint whose views answer by `json_response` (or a dict).

    `response`, `alt_response` and `doc` only document. `arguments` reads strictly:
    `location="json"` by `strict_json`, `"query"` by `queries`.
    """

    ARGUMENTS_PARSER = StrictParser()

    def route(self, rule: str, **options: Any) -> Callable[[View], View]:
        """Register and document a view under a rule, `methods=["POST"]` and all."""
        decorator: Callable[[View], View] = super().route(rule, **options)
        return decorator

    def arguments(
        self, schema: type[Schema] | Schema, **options: Any
    ) -> Callable[[View], View]:
        """Read and document what a view takes; of a class, one schema for all requests.

        Given the class itself, a schema would be made anew for every request.
        """
        shared_schema = schema() if isinstance(schema, type) else schema
        decorator: Callable[[View], View] = super().arguments(shared_schema, **options)
        return decorator

    def response(self, *args: Any, **kwargs: Any) -> Callable[[View], View]:
        """Document the answer of a view: status, schema, `example=`."""
        return _document_only(super().response(*args, **kwargs))

    def alt_response(self, *args: Any, **kwargs: Any) -> Callable[[View], View]:
        """Document another answer of a view."""
        return _document_only(super().alt_response(*args, **kwargs))

    def doc(self, **kwargs: Any) -> Callable[[View], View]:
        """Document anything else; `security=[]` makes a route public."""
        return _document_only(super().doc(**kwargs))


def document_query(schema: type[Schema]) -> Callable[[View], View]:
    """Document query parameters that the view reads by itself, for speed."""

    return _add_parameter({"in": "query", "schema": schema})


def document_body(schema: Any, example: Any) -> Callable[[View], View]:
    """Document a JSON body that the view reads by itself, for speed."""

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
    """Let a route read a body of up to `max_bytes` bytes (bulk and import routes)."""

    def set_body_limit(view: View) -> View:
        setattr(view, BODY_LIMIT_ATTRIBUTE, max_bytes)
        return view

    return set_body_limit


class ErrorDetailSchema(ResponseSchema):
    """One field that is wrong."""

    message = fields.String(required=True)
    path = fields.String(required=True)
    target = fields.String(required=True)


class ErrorSchema(ResponseSchema):
    """Every error of the Phoenix dialect (CONTRACTS 0.3)."""

    error = fields.String(required=True)
    message = fields.String(required=True)
    code = fields.String(required=True)
    request_id = fields.String(required=True)
    details = fields.List(fields.Nested(ErrorDetailSchema))


class JsonApi(Api):
    """flask-smorest's collector of documents, without its error handlers."""

    ERROR_SCHEMA = ErrorSchema
    DEFAULT_ERROR_RESPONSE_NAME = None  # each status is named by `documents`

    def _register_error_handlers(self) -> None:
        """Leave the errors to `errors`."""
