"""The Mambo dialect: coupons bought with points, redeemed, refunded (document S4)."""

from collections.abc import Mapping
from typing import Any

from coupon_core.web.dialects import Dialect
from query_gateway import refusals
from query_gateway.mambo.errors import (
    ERRORS,
    OAUTH_SHAPE,
    render,
    render_oauth,
)
from query_gateway.mambo.routes import (
    activities,
    coupons,
    oauth,
    users,
)

__all__ = ["BLUEPRINTS", "DIALECTS", "SECURITY"]

BLUEPRINTS = (
    oauth.blueprint,
    activities.blueprint,
    users.blueprint,
    coupons.blueprint,
)
DIALECTS = (
    Dialect("/api/v1", render, refusals.MAMBO, ("mamboToken",), ERRORS),
    Dialect("/oauth", render_oauth, refusals.OAUTH, errors=OAUTH_SHAPE),
)
SECURITY: Mapping[str, Any] = {
    "mamboToken": {
        "type": "http",
        "scheme": "bearer",
        "description": "A token of /oauth/token (OAuth 2, client credentials) for a "
        "client key of kind mambo: its id and secret by Basic authentication. It is "
        "good for an hour.",
    }
}
