"""The app factory that both gateways call: everything they share, wired once."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from types import MappingProxyType
from typing import Any

from flask import Blueprint, Flask, Response, request
from werkzeug.routing import BaseConverter

from coupon_core.json_encoding import json_bytes
from coupon_core.web.access_log import ROUTE
from coupon_core.web.blueprint import BODY_LIMIT, JsonApi, JsonBlueprint
from coupon_core.web.dialects import Dialect, Row
from coupon_core.web.error_handlers import register_errors
from coupon_core.web.health import Checks, health_blueprint
from coupon_core.web.idempotency import answer_repeats
from coupon_core.web.middleware import in_shell
from coupon_core.web.openapi import finish
from coupon_core.web.path_validation import check_path
from coupon_core.web.request_body import DEFAULT_LIMIT, LIMITS
from coupon_core.web.responses import JSON, CompactJson, json_response
from coupon_core.web.swagger_ui import docs_blueprint

VERSION = "1.0.0"
NOTHING: Mapping[Any, Any] = MappingProxyType({})


def create_app(
    import_name: str,
    *,
    title: str,
    description: str,
    blueprints: Sequence[Blueprint | tuple[Blueprint, Mapping[str, Any]]],
    refusals: Mapping[Any, Row] = NOTHING,
    dialects: Sequence[Dialect] = (),
    ready_checks: Checks = NOTHING,
    unavailable_errors: Sequence[type[Exception]] = (),
    security_schemes: Mapping[str, Any] = NOTHING,
    converters: Mapping[str, type[BaseConverter]] = NOTHING,
    servers: Sequence[str] = ("/",),
    links: Mapping[str, str] = NOTHING,
    version: str = VERSION,
    max_body: int = DEFAULT_LIMIT,
    teardown: Callable[[BaseException | None], None] | None = None,
) -> Flask:
    """A Flask that answers in JSON only, never redirects and documents itself.

    `blueprints` come as they are or as `(blueprint, options of register_blueprint)`.
    `refusals` turns the core's reasons into status, code and text in the Phoenix
    dialect; `dialects` are other families by prefix. `unavailable_errors` become 503.
    `max_body` is in bytes; a route may set its own with `body_limit`.
    """
    app = _bare(import_name, max_body)
    app.url_map.converters.update(converters)
    register_errors(
        app, [*dialects, Dialect("", refusals=refusals)], unavailable_errors
    )
    api = JsonApi(app, spec_kwargs=_about(title, version, description))
    _register(app, api, [health_blueprint(ready_checks), *blueprints])
    app.register_blueprint(docs_blueprint(title))
    _add_index(app, title, links)
    _add_document(app, api, security_schemes, servers, dialects)
    _settle(app, max_body)
    if teardown is not None:
        app.teardown_appcontext(teardown)
    return app


def _bare(import_name: str, max_body: int) -> Flask:
    app = Flask(import_name, static_folder=None)
    app.json = CompactJson(app)
    app.config["MAX_CONTENT_LENGTH"] = max_body
    app.url_map.merge_slashes = False
    app.url_map.redirect_defaults = False
    app.before_request(_guard)
    app.wsgi_app = in_shell(app.wsgi_app)  # type: ignore[assignment,method-assign]
    return app


def _guard() -> None:
    environ, rule = request.environ, request.url_rule
    if rule:
        environ[ROUTE] = rule.rule
    check_path(environ)


def _about(title: str, version: str, description: str) -> dict[str, Any]:
    return {
        "title": title,
        "version": version,
        "openapi_version": "3.1.0",
        "info": {"description": description},
    }


def _register(app: Flask, api: JsonApi, blueprints: Sequence[Any]) -> None:
    for entry in blueprints:
        blueprint, options = entry if isinstance(entry, tuple) else (entry, {})
        documented = isinstance(blueprint, JsonBlueprint)
        register = api.register_blueprint if documented else app.register_blueprint
        register(blueprint, **options)


def _add_index(app: Flask, title: str, links: Mapping[str, str]) -> None:
    ours = {"docs": "/docs", "openapi": "/openapi.json", **links}
    probes = {"health": "/health", "ready": "/ready"}

    @app.get("/")
    def index() -> Response:
        return json_response({"name": title, **ours, **probes})


def _add_document(
    app: Flask,
    api: JsonApi,
    schemes: Mapping[str, Any],
    servers: Sequence[str],
    dialects: Sequence[Dialect],
) -> None:
    @cache  # made at the first request and kept: nothing changes later
    def document() -> bytes:
        whole = finish(api.spec.to_dict(), app, schemes, servers, dialects)
        return json_bytes(whole)

    @app.get("/openapi.json")
    def openapi() -> Response:
        return Response(document(), content_type=JSON)


def _settle(app: Flask, max_body: int) -> None:
    """Read off the finished routes what requests will need, and refuse bad ones."""
    limits: dict[str | None, int] = {None: max_body}
    for rule in app.url_map.iter_rules():
        if rule.rule != "/" and rule.rule.endswith("/"):
            raise ValueError(f"{rule.rule} would redirect: drop its last slash")
        own = getattr(app.view_functions[rule.endpoint], BODY_LIMIT, None)
        if own is not None:
            limits[rule.endpoint] = own
    app.extensions[LIMITS] = limits
    answer_repeats(app)
