"""The PlayCamp API: validate and redeem creators' codes (PlayCamp specification)."""

from collections.abc import Mapping
from typing import Any

from coupon_core.web.blueprint import JsonBlueprint
from coupon_core.web.dialects import ErrorFormat
from query_gateway.playcamp.authentication import (
    CLIENT_PREFIX,
    SECURITY_SCHEME_NAME,
    SECURITY_SCHEMES,
    SERVER_PREFIX,
)
from query_gateway.playcamp.responses import ERRORS, render_playcamp_error
from query_gateway.playcamp.routes import campaigns, coupons, webhooks
from query_gateway.refusals import PLAYCAMP_REFUSALS

__all__ = [
    "BLUEPRINTS",
    "CLIENT_PREFIX",
    "DIALECTS",
    "SECURITY_SCHEMES",
    "SECURITY_SCHEME_NAME",
    "SERVER_PREFIX",
]

DIALECTS = tuple(
    ErrorFormat(
        prefix,
        render_playcamp_error,
        refusals=PLAYCAMP_REFUSALS,
        security=(SECURITY_SCHEME_NAME,),
        errors=ERRORS,
        access=access,
    )
    for prefix, access in (
        (SERVER_PREFIX, "a client key of kind `playcamp_server`"),
        (CLIENT_PREFIX, "a client key of kind `playcamp_server` or `playcamp_client`"),
    )
)


# Some blueprints are mounted twice: for game servers and for game clients.
BLUEPRINTS: tuple[tuple[JsonBlueprint, Mapping[str, Any]], ...] = tuple(
    (
        blueprint,
        {"name": f"playcamp_{side}_{name}", "url_prefix": f"/v1/{side}/{path}"},
    )
    for side, name, path, blueprint in (
        ("server", "coupons", "coupons", coupons.server_blueprint),
        ("client", "coupons", "coupons", coupons.client_blueprint),
        ("server", "campaigns", "campaigns", campaigns.campaigns_blueprint),
        ("client", "campaigns", "campaigns", campaigns.campaigns_blueprint),
        ("client", "packages", "campaigns", campaigns.packages_blueprint),
        ("server", "creators", "creators", campaigns.creators_blueprint),
        ("client", "creators", "creators", campaigns.creators_blueprint),
        ("server", "creator_codes", "creators", campaigns.creator_codes_blueprint),
        ("server", "webhooks", "webhooks", webhooks.server_blueprint),
    )
)
