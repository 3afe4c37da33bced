"""The admin gateway: the HTTP API for managing a coupon programme."""

from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from flask import Flask

    from coupon_core.settings.loader import Settings

# Of the index, besides those of every gateway.
LINKS = {"asyncapi": "/asyncapi.json", "schemas": "/schemas", "console": "/console"}


def create_app(settings: "Settings | None" = None) -> "Flask":
    """Return the WSGI application; without `settings`, read the environment."""
    # Imported here so that couponctl, which is in this package, starts without Flask.
    from admin_gateway import asyncapi, authentication, routes
    from admin_gateway.console import blueprint as console
    from admin_gateway.refusals import REFUSALS
    from coupon_core import gateway
    from coupon_core.settings import loader
    from coupon_core.web import error_catalogue
    from coupon_core.web.dialects import ErrorShape
    from coupon_core.web.openapi.document import DocumentParts
    from coupon_core.web.openapi.headers import HEADERS_NOTE
    from coupon_core.web.query_names import check_parameter_names

    settings = settings or loader.load()
    app = gateway.create_app(
        __name__,
        settings,
        title="Coupon admin gateway",
        description="Define coupons, generate them and follow their use. The messages "
        f"on the broker are described in /asyncapi.json. {HEADERS_NOTE}",
        blueprints=[*routes.load_blueprints(), asyncapi.blueprint, console.create()],
        dialects=[console.ERROR_FORMAT],
        links=LINKS,
        refusals=REFUSALS,
        security_schemes=authentication.SECURITY_SCHEMES,
        document=DocumentParts(
            errors=ErrorShape("Error", api=error_catalogue.ADMIN),
            describe_access=authentication.describe_access,
            aliases=routes.ALIASES,
        ),
    )
    asyncapi.describe_broker(
        app, settings.broker_url, is_embedded=settings.is_broker_embedded
    )
    console.install(app, settings)
    app.before_request(authentication.authenticate)
    app.before_request(check_parameter_names)
    return app


def create_in_process_app(
    teardown: "Callable[[BaseException | None], None]",
) -> "WSGIApplication":
    """Return the admin API as a WSGI application for callers in this process.

    The process has been started by `bootstrap.start`, and `teardown` releases what a
    request has used. The caller is the `Principal` in the environ, under
    `authentication.CALLER_ENVIRON_KEY`. Only routes like those that are called are
    imported: all of them take most of the time of a command.
    """
    from admin_gateway import authentication, routes
    from admin_gateway.refusals import REFUSALS
    from coupon_core.web import in_process_app

    @cache
    def create_part(*places: routes.Place) -> "Flask":
        app = in_process_app.create_in_process_app(
            __name__,
            blueprints=[place.load() for place in places],
            refusals=REFUSALS,
            teardown=teardown,
        )
        app.before_request(authentication.authenticate)
        return app

    def call(environ: "WSGIEnvironment", start_response: "StartResponse") -> Any:
        return create_part(*routes.list_places(environ["PATH_INFO"]))(
            environ, start_response
        )

    return call
