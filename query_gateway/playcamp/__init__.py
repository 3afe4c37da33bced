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


def _mount_blueprint(
    prefix: str, blueprint: JsonBlueprint, name: str, path: str
) -> tuple[JsonBlueprint, Mapping[str, Any]]:
    return blueprint, {"name": name, "url_prefix": f"{prefix}/{path}"}


BLUEPRINTS = (
    _mount_blueprint(
        SERVER_PREFIX,
        coupons.server_blueprint,
        name="playcamp_server_coupons",
        path="coupons",
    ),
    _mount_blueprint(
        CLIENT_PREFIX,
        coupons.client_blueprint,
        name="playcamp_client_coupons",
        path="coupons",
    ),
    _mount_blueprint(
        SERVER_PREFIX,
        campaigns.campaigns_blueprint,
        name="playcamp_server_campaigns",
        path="campaigns",
    ),
    _mount_blueprint(
        CLIENT_PREFIX,
        campaigns.campaigns_blueprint,
        name="playcamp_client_campaigns",
        path="campaigns",
    ),
    _mount_blueprint(
        CLIENT_PREFIX,
        campaigns.packages_blueprint,
        name="playcamp_client_packages",
        path="campaigns",
    ),
    _mount_blueprint(
        SERVER_PREFIX,
        campaigns.creators_blueprint,
        name="playcamp_server_creators",
        path="creators",
    ),
    _mount_blueprint(
        CLIENT_PREFIX,
        campaigns.creators_blueprint,
        name="playcamp_client_creators",
        path="creators",
    ),
    _mount_blueprint(
        SERVER_PREFIX,
        campaigns.creator_codes_blueprint,
        name="playcamp_server_creator_codes",
        path="creators",
    ),
    _mount_blueprint(
        SERVER_PREFIX,
        webhooks.server_blueprint,
        name="playcamp_server_webhooks",
        path="webhooks",
    ),
)
