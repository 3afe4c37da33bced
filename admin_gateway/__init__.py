"""The admin gateway: the HTTP API for managing a coupon programme."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from coupon_core.settings.loader import Settings


def create_app(settings: "Settings | None" = None) -> "Flask":
    """Return the WSGI application; without `settings`, read the environment."""
    # Imported here so that couponctl, which is in this package, starts without Flask.
    from admin_gateway import asyncapi, authentication, routes
    from admin_gateway.refusals import REFUSALS
    from coupon_core import gateway

    app = gateway.create_app(
        __name__,
        settings,
        title="Coupon admin gateway",
        description="Define coupons, generate them and follow their use. The messages "
        "on the broker are described in /asyncapi.json.",
        blueprints=[*routes.BLUEPRINTS, asyncapi.blueprint],
        links={"asyncapi": "/asyncapi.json", "schemas": "/schemas"},
        refusals=REFUSALS,
        security_schemes=authentication.SECURITY_SCHEMES,
    )
    app.before_request(authentication.authenticate)
    return app
