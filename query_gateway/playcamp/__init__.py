"""The PlayCamp dialect: creators hand out codes, anyone redeems (document S3)."""

from collections.abc import Mapping
from typing import Any

from coupon_core.web.blueprint import JsonBlueprint
from coupon_core.web.dialects import Dialect
from query_gateway.playcamp.authentication import (
    CLIENT,
    KEY,
    SECURITY,
    SERVER,
)
from query_gateway.playcamp.responses import render
from query_gateway.playcamp.routes import campaigns, coupons, webhooks
from query_gateway.refusals import PLAYCAMP

__all__ = ["BLUEPRINTS", "CLIENT", "DIALECTS", "KEY", "SECURITY", "SERVER"]

DIALECTS = tuple(
    Dialect(prefix, render, PLAYCAMP, security=(KEY,)) for prefix in (SERVER, CLIENT)
)


def _under(
    prefix: str, blueprint: JsonBlueprint, name: str, path: str
) -> tuple[JsonBlueprint, Mapping[str, Any]]:
    return blueprint, {"name": name, "url_prefix": f"{prefix}/{path}"}


BLUEPRINTS = (
    _under(SERVER, coupons.server, "playcamp_server_coupons", "coupons"),
    _under(CLIENT, coupons.client, "playcamp_client_coupons", "coupons"),
    _under(SERVER, campaigns.reading, "playcamp_server_campaigns", "campaigns"),
    _under(CLIENT, campaigns.reading, "playcamp_client_campaigns", "campaigns"),
    _under(CLIENT, campaigns.for_clients, "playcamp_client_packages", "campaigns"),
    _under(SERVER, campaigns.finding, "playcamp_server_creators", "creators"),
    _under(CLIENT, campaigns.finding, "playcamp_client_creators", "creators"),
    _under(SERVER, campaigns.for_servers, "playcamp_server_creator_codes", "creators"),
    _under(SERVER, webhooks.server, "playcamp_server_webhooks", "webhooks"),
)
