"""The query gateway: validate and redeem codes and list coupons for players."""

from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from flask import Flask, Response, request

if TYPE_CHECKING:
    from coupon_core.settings.loader import Settings

CORS_MAX_AGE_SECONDS = 86_400


def create_app(settings: "Settings | None" = None) -> Flask:
    """Create the WSGI application, by default with settings from the environment."""
    # Imported here, because a caller in its own process needs only a part of it.
    from coupon_core import gateway
    from coupon_core.settings import loader
    from coupon_core.web.openapi.document import DocumentParts
    from coupon_core.web.openapi.headers import HEADERS_NOTE
    from query_gateway import mambo, playcamp, refusals
    from query_gateway.phoenix import reservations, routes, schemas

    settings = settings or loader.load()
    app = gateway.create_app(
        __name__,
        settings,
        title="Coupon query gateway",
        description="Validate, redeem and list coupons on behalf of players. "
        f"{HEADERS_NOTE}",
        blueprints=[reservations.blueprint, *playcamp.BLUEPRINTS, *mambo.BLUEPRINTS],
        refusals=refusals.PHOENIX_REFUSALS,
        document=DocumentParts(describe_access=lambda _: schemas.ACCESS),
        dialects=[*playcamp.DIALECTS, *mambo.DIALECTS],
        converters={"tenant": routes.TenantConverter},
        security_schemes={
            **schemas.SECURITY_SCHEMES,
            **playcamp.SECURITY_SCHEMES,
            **mambo.SECURITY_SCHEMES,
        },
    )
    app.extensions[mambo.PUBLIC_URL_EXTENSION] = settings.public_query_url
    _enable_cors(app, settings)
    return app


def create_in_process_app(teardown: Callable[[BaseException | None], None]) -> Flask:
    """Return the Phoenix API as a WSGI application for callers in this process.

    The process has been started by `bootstrap.start`. `teardown` releases what a
    request has used.
    """
    from coupon_core.web import in_process_app
    from query_gateway import refusals
    from query_gateway.phoenix import reservations, routes

    return in_process_app.create_in_process_app(
        __name__,
        blueprints=[(reservations.blueprint, {})],
        refusals=refusals.PHOENIX_REFUSALS,
        teardown=teardown,
        converters={"tenant": routes.TenantConverter},
    )


def _enable_cors(app: Flask, settings: "Settings") -> None:
    """Allow calls from players' browsers (the Phoenix specification)."""
    from flask_cors import CORS

    if settings.cors_origins:
        CORS(
            app,
            resources=r"/v1/*",
            origins=list(settings.cors_origins),
            methods=["GET", "HEAD", "POST", "DELETE", "OPTIONS"],
            allow_headers=["Authorization", "Content-Type", "Idempotency-Key"],
            expose_headers=[
                "X-Request-Id",
                "Retry-After",
                "Idempotent-Replayed",
                "RateLimit",
                "RateLimit-Policy",
            ],
            max_age=CORS_MAX_AGE_SECONDS,
            # Our error handlers return responses, so the after_request hook sees them.
            intercept_exceptions=False,
        )
        _skip_cors_without_origin(app)


def _skip_cors_without_origin(app: Flask) -> None:
    """Run flask-cors only for requests with an Origin header; it costs about 30 µs."""
    hooks = app.after_request_funcs[None]
    add_cors_headers = cast(Callable[[Response], Response], hooks.pop())

    @app.after_request
    def add_cors_if_origin(response: Response) -> Response:
        has_origin = "HTTP_ORIGIN" in request.environ
        return add_cors_headers(response) if has_origin else response
