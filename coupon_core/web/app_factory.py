"""The app factory of both gateways: wires everything that they share."""

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from functools import cache
from typing import Any

from flask import Blueprint, Flask, Response
from werkzeug.routing import BaseConverter

from coupon_core.json_encoding import encode_json
from coupon_core.release import RELEASE
from coupon_core.web.blueprint import (
    JsonApi,
    JsonBlueprint,
    copy_property_names,
)
from coupon_core.web.dialects import (
    ErrorFormat,
    RefusalResponse,
    sort_dialects,
)
from coupon_core.web.error_catalogue import create_errors_blueprint
from coupon_core.web.error_handlers import register_error_handlers
from coupon_core.web.health import CheckFunctions, create_health_blueprint
from coupon_core.web.in_process_app import EMPTY_MAPPING, create_flask, finish_routes
from coupon_core.web.openapi.document import DocumentParts, complete_spec
from coupon_core.web.query_names import API_EXTENSION
from coupon_core.web.request_body import DEFAULT_BODY_LIMIT_BYTES
from coupon_core.web.responses import (
    JSON_MEDIA_TYPE,
    json_response,
)
from coupon_core.web.swagger_ui import create_docs_blueprint

DEFAULT_DOCUMENT = DocumentParts()


def create_app(
    import_name: str,
    *,
    title: str,
    description: str,
    blueprints: Sequence[Blueprint | tuple[Blueprint, Mapping[str, Any]]],
    refusals: Mapping[Any, RefusalResponse] = EMPTY_MAPPING,
    dialects: Sequence[ErrorFormat] = (),
    ready_checks: CheckFunctions = EMPTY_MAPPING,
    unavailable_errors: Sequence[type[Exception]] = (),
    security_schemes: Mapping[str, Any] = EMPTY_MAPPING,
    converters: Mapping[str, type[BaseConverter]] = EMPTY_MAPPING,
    servers: Sequence[str] = ("/",),
    links: Mapping[str, str] = EMPTY_MAPPING,
    document: DocumentParts = DEFAULT_DOCUMENT,
    max_body_bytes: int = DEFAULT_BODY_LIMIT_BYTES,
    teardown: Callable[[BaseException | None], None] = lambda _: None,
) -> Flask:
    """Create a Flask app that responds in JSON, never redirects and serves its OpenAPI.

    `blueprints` may be pairs `(blueprint, options of register_blueprint)`. `refusals`
    maps reasons of the core to status, code and text in the Phoenix dialect; `dialects`
    are other dialects by prefix. `unavailable_errors` become 503. `document` is for
    OpenAPI only. A route can override `max_body_bytes` with `limit_body`.
    """
    app = create_flask(import_name, max_body_bytes, converters=converters)
    phoenix = ErrorFormat("", refusals=refusals, errors=document.errors)
    all_dialects = sort_dialects([*dialects, phoenix])
    register_error_handlers(app, all_dialects, unavailable_errors=unavailable_errors)
    api = _create_api(app, title, description=description)
    shared = (create_health_blueprint(ready_checks), create_errors_blueprint())
    _register_blueprints(app, api, blueprints=[*shared, *blueprints])
    _add_index_and_docs(app, title, links=links)
    parts = replace(
        document, schemes=security_schemes, servers=servers, dialects=all_dialects
    )
    _add_document(app, api, parts)
    finish_routes(app, max_body_bytes, teardown=teardown)
    return app


def _create_api(app: Flask, title: str, description: str) -> JsonApi:
    spec_options = {
        "title": title,
        "version": RELEASE,
        "openapi_version": "3.1.0",
        "info": {
            "description": description,
            "contact": {"name": "The operator of this service"},
            "license": {"name": "MIT", "identifier": "MIT"},
        },
    }
    api = JsonApi(app, spec_kwargs=spec_options)
    api.ma_plugin.converter.add_attribute_function(copy_property_names)
    app.extensions[API_EXTENSION] = api
    return api


def _register_blueprints(app: Flask, api: JsonApi, blueprints: Sequence[Any]) -> None:
    for entry in blueprints:
        blueprint, options = entry if isinstance(entry, tuple) else (entry, {})
        is_documented = isinstance(blueprint, JsonBlueprint)
        register = api.register_blueprint if is_documented else app.register_blueprint
        register(blueprint, **options)


def _add_index_and_docs(app: Flask, title: str, links: Mapping[str, str]) -> None:
    app.register_blueprint(create_docs_blueprint(title))
    document_links = {
        "docs": "/docs",
        "openapi": "/openapi.json",
        "errors": "/errors",
        **links,
    }
    probes = {"health": "/health", "ready": "/ready"}

    @app.get("/")
    def index() -> Response:
        return json_response({"name": title, **document_links, **probes})


def _add_document(app: Flask, api: JsonApi, parts: DocumentParts) -> None:
    @cache  # built on the first request: routes do not change afterwards
    def build_document() -> bytes:
        # A copy, because the dict consists of the objects of apispec itself.
        return encode_json(complete_spec(deepcopy(api.spec.to_dict()), app, parts))

    @app.get("/openapi.json")
    def openapi() -> Response:
        return Response(build_document(), content_type=JSON_MEDIA_TYPE)
