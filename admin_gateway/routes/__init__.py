"""The path of each blueprint: the documented path and its aliases."""

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any, NamedTuple

from coupon_core.schemas.identifiers import TENANT_ID_PATTERN
from coupon_core.web.blueprint import JsonBlueprint

PREFIX, TENANT_PREFIX = "/v1/", "/v1/tenants/<tenant_id>/"
TENANT_PATH_PARAMETER: Mapping[str, Any] = {
    "name": "tenant_id",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "pattern": TENANT_ID_PATTERN},
    "description": "Tenant ID.",
}
TENANT_QUERY_PARAMETER: Mapping[str, Any] = {
    **TENANT_PATH_PARAMETER,
    "in": "query",
    "required": False,
    "description": "Tenant ID; optional, default: the tenant of your key.",
}


class Place(NamedTuple):
    """Where a blueprint is registered; its module is imported when it is needed."""

    module: str
    name: str
    path: str
    variable: str = "routes"
    has_tenant: bool = True

    def load(self) -> tuple[JsonBlueprint, dict[str, Any]]:
        """Return the blueprint, and the options to register it."""
        module = import_module(f"{__name__}.{self.module}")
        parameter = TENANT_PATH_PARAMETER if self.has_tenant else TENANT_QUERY_PARAMETER
        return getattr(module, self.variable), {
            "name": self.name,
            "url_prefix": f"{TENANT_PREFIX if self.has_tenant else PREFIX}{self.path}",
            "parameters": [parameter],
        }


# Blueprints whose routes are aliases: served, and deprecated in the OpenAPI document.
ALIASES = frozenset(
    {
        "reward_items",
        "flat_reward_items",
        "flat_definitions",
        "flat_coupons",
        "events",
    }
)
# The vendor uses several paths for the same resource (docs/api-contracts.md 1.2),
# so some blueprints are registered more than once.
PLACES = (
    Place("reward_items", "rewards", "rewards"),
    Place("reward_items", "reward_items", "reward-items"),
    Place("reward_items", "flat_reward_items", "reward-items", has_tenant=False),
    Place("definitions", "definitions", "coupons"),
    Place("definitions", "flat_definitions", "coupons", has_tenant=False),
    Place("coupons", "coupons", "coupons"),
    Place("coupons", "flat_coupons", "coupons", has_tenant=False),
    Place("campaigns", "campaigns", "campaigns"),
    Place("creators", "creators", "creators"),
    Place("packages", "packages", "packages"),
    Place("batches", "batches", "batches"),
    Place("code_jobs", "imports", "coupons", "imports"),
    Place("codes", "codes", "codes"),
    Place("explain", "explain", "codes"),
    Place("redemptions", "redemptions", "redemptions"),
    Place("reports", "reports", "reports"),
    Place("code_jobs", "code_jobs", "codes"),
    Place("api_keys", "api_keys", "api-keys"),
    Place("api_keys", "own_api_key", "api-keys", "own_routes", has_tenant=False),
    Place("client_keys", "client_keys", "client-keys"),
    Place("tenant_secrets", "secrets", "secrets"),
    Place("points", "points", "points"),
    Place("users", "users", "users"),
    Place("personal_data", "personal_data", "users"),
    Place("events", "flat_events", "events", has_tenant=False),
    Place("events", "events", "events"),
    Place("dead_letters", "dead_letters", "dead-letters"),
    Place("audit", "audit", "audit"),
    Place("attempts", "attempts", "attempts"),
    Place("attempts", "signals", "reports/signals", "signal_routes"),
    Place("webhooks", "webhooks", "webhooks"),
)


def load_blueprints() -> list[tuple[JsonBlueprint, dict[str, Any]]]:
    """Return all blueprints, each with the options to register it."""
    return [place.load() for place in PLACES]


def list_places(path: str) -> Sequence[Place]:
    """Return the places, without aliases, among which the route of a path is."""
    _, _, rest = path.removeprefix("/v1/tenants/").partition("/")
    subject, *_ = rest.split("/")
    places = [place for place in PLACES if place.name not in ALIASES]
    found = [place for place in places if place.path.split("/")[0] == subject]
    return found or places
