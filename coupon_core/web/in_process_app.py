"""Flask apps without an OpenAPI document: for callers in the same process."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from flask import Flask, request
from werkzeug.routing import BaseConverter

from coupon_core.web.access_log import ROUTE_ENVIRON_KEY
from coupon_core.web.blueprint import BODY_LIMIT_ATTRIBUTE, JsonBlueprint
from coupon_core.web.dialects import ErrorFormat, RefusalResponse
from coupon_core.web.error_handlers import register_error_handlers
from coupon_core.web.flask_app import GatewayFlask
from coupon_core.web.idempotency import enable_idempotency
from coupon_core.web.middleware import wrap_wsgi
from coupon_core.web.path_validation import CODE_ARGUMENT, check_path
from coupon_core.web.request_body import BODY_LIMITS_EXTENSION, DEFAULT_BODY_LIMIT_BYTES
from coupon_core.web.responses import CompactJsonProvider

EMPTY_MAPPING: Mapping[Any, Any] = MappingProxyType({})


def create_in_process_app(
    import_name: str,
    *,
    blueprints: Sequence[tuple[JsonBlueprint, Mapping[str, Any]]],
    refusals: Mapping[Any, RefusalResponse],
    teardown: Callable[[BaseException | None], None],
    converters: Mapping[str, type[BaseConverter]] = EMPTY_MAPPING,
) -> Flask:
    """Create a Flask app for a caller in the same process.

    It has no OpenAPI document, whose creation takes most of the start, and no log. What
    is not refused by a rule, such as a missing database, is raised to the caller.
    """
    app = create_flask(
        import_name, DEFAULT_BODY_LIMIT_BYTES, converters, is_logged=False
    )
    dialect = ErrorFormat("", refusals=refusals)
    register_error_handlers(app, [dialect], raises_unexpected=True)
    for blueprint, options in blueprints:
        place = options.keys() & {"name", "url_prefix"}
        app.register_blueprint(blueprint, **{name: options[name] for name in place})
    finish_routes(app, DEFAULT_BODY_LIMIT_BYTES, teardown=teardown)
    return app


def create_flask(
    import_name: str,
    max_body_bytes: int,
    converters: Mapping[str, type[BaseConverter]],
    is_logged: bool = True,
) -> Flask:
    """Return an app without routes, which answers in JSON and never redirects."""
    app = GatewayFlask(import_name, static_folder=None)
    app.json = CompactJsonProvider(app)
    app.config["MAX_CONTENT_LENGTH"] = max_body_bytes
    app.url_map.converters.update(converters)
    app.url_map.merge_slashes = False
    app.url_map.redirect_defaults = False
    app.before_request(_check_request)
    app.wsgi_app = wrap_wsgi(  # type: ignore[assignment,method-assign]
        app.wsgi_app, is_logged
    )
    return app


def _check_request() -> None:
    environ, rule = request.environ, request.url_rule
    if rule:
        environ[ROUTE_ENVIRON_KEY] = rule.rule
    check_path(environ, (request.view_args or {}).get(CODE_ARGUMENT, ""))


def finish_routes(
    app: Flask,
    max_body_bytes: int,
    teardown: Callable[[BaseException | None], None],
) -> None:
    """Complete an app that has all of its routes.

    Raises:
        ValueError: A route would redirect.
    """
    app.teardown_appcontext(teardown)
    _refuse_redirecting_rules(app)
    _collect_body_limits(app, max_body_bytes)
    enable_idempotency(app)


def _refuse_redirecting_rules(app: Flask) -> None:
    for rule in app.url_map.iter_rules():
        if rule.rule != "/" and rule.rule.endswith("/"):
            raise ValueError(f"{rule.rule} would redirect: remove the trailing slash")


def _collect_body_limits(app: Flask, max_body_bytes: int) -> None:
    """Store the body limit of every route; the key None is the limit of the app."""
    limits: dict[str | None, int] = {None: max_body_bytes}
    for endpoint, view in app.view_functions.items():
        route_limit = getattr(view, BODY_LIMIT_ATTRIBUTE, None)
        if route_limit is not None:
            limits[endpoint] = route_limit
    app.extensions[BODY_LIMITS_EXTENSION] = limits
