"""The admin gateway: the HTTP API for managing a coupon programme."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
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
    from coupon_core.web.openapi import DocumentParts
    from coupon_core.web.openapi.headers import HEADERS_NOTE
    from coupon_core.web.query_names import check_parameter_names

    settings = settings or loader.load()
    app = gateway.create_app(
        __name__,
        settings,
        title="Coupon admin gateway",
        description="Define coupons, generate them and follow their use. The messages "
        f"on the broker are described in /asyncapi.json. {HEADERS_NOTE}",
        blueprints=[*routes.BLUEPRINTS, asyncapi.blueprint, console.create()],
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


def create_in_process_app() -> "Flask":
    """Return the admin API as a WSGI application for callers in this process.

    The process has been started by `bootstrap.start`. The caller is the `Principal` in
    the environ, under `authentication.CALLER_ENVIRON_KEY`.
    """
    from admin_gateway import authentication, routes
    from admin_gateway.refusals import REFUSALS
    from coupon_core.persistence import database
    from coupon_core.web import app_factory

    app = app_factory.create_in_process_app(
        __name__,
        blueprints=[
            (blueprint, options)
            for blueprint, options in routes.BLUEPRINTS
            if options["name"] not in routes.ALIASES
        ],
        refusals=REFUSALS,
        teardown=lambda _: database.release_connection(),
    )
    app.before_request(authentication.authenticate)
    return app
