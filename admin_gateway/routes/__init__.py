"""Which blueprint stands under which path: the documented one and its aliases."""

from collections.abc import Mapping
from typing import Any

from admin_gateway.routes import (
    api_keys,
    audit,
    batches,
    campaigns,
    client_keys,
    code_jobs,
    codes,
    coupons,
    creators,
    dead_letters,
    definitions,
    events,
    packages,
    points,
    reward_items,
    tenant_secrets,
    users,
    webhooks,
)
from coupon_core.schemas.identifiers import TENANT_ID
from coupon_core.web.blueprint import JsonBlueprint

IN_PATH: Mapping[str, Any] = {
    "name": "tenant_id",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "pattern": TENANT_ID},
    "description": "Your tenant.",
}
IN_QUERY: Mapping[str, Any] = {
    **IN_PATH,
    "in": "query",
    "required": False,
    "description": "Your tenant; may be left out, the key tells it.",
}


def _of_tenant(
    blueprint: JsonBlueprint, name: str, path: str
) -> tuple[JsonBlueprint, dict[str, Any]]:
    prefix = f"/v1/tenants/<tenant_id>/{path}"
    return blueprint, {"name": name, "url_prefix": prefix, "parameters": [IN_PATH]}


def _flat(
    blueprint: JsonBlueprint, name: str, path: str
) -> tuple[JsonBlueprint, dict[str, Any]]:
    options = {"name": name, "url_prefix": f"/v1/{path}", "parameters": [IN_QUERY]}
    return blueprint, options


# Vendors' pages spell the same thing differently (CONTRACTS 1.2): same handlers.
BLUEPRINTS = (
    _of_tenant(reward_items.routes, "rewards", "rewards"),
    _of_tenant(reward_items.routes, "reward_items", "reward-items"),
    _flat(reward_items.routes, "flat_reward_items", "reward-items"),
    _of_tenant(definitions.routes, "definitions", "coupons"),
    _flat(definitions.routes, "flat_definitions", "coupons"),
    _of_tenant(coupons.routes, "coupons", "coupons"),
    _flat(coupons.routes, "flat_coupons", "coupons"),
    _of_tenant(campaigns.routes, "campaigns", "campaigns"),
    _of_tenant(creators.routes, "creators", "creators"),
    _of_tenant(packages.routes, "packages", "packages"),
    _of_tenant(batches.routes, "batches", "batches"),
    _of_tenant(code_jobs.imports, "imports", "coupons"),
    _of_tenant(codes.routes, "codes", "codes"),
    _of_tenant(code_jobs.routes, "code_jobs", "codes"),
    _of_tenant(api_keys.routes, "api_keys", "api-keys"),
    _of_tenant(client_keys.routes, "client_keys", "client-keys"),
    _of_tenant(tenant_secrets.routes, "secrets", "secrets"),
    _of_tenant(points.routes, "points", "points"),
    _of_tenant(users.routes, "users", "users"),
    _flat(events.routes, "flat_events", "events"),
    _of_tenant(events.routes, "events", "events"),
    _of_tenant(dead_letters.routes, "dead_letters", "dead-letters"),
    _of_tenant(audit.routes, "audit", "audit"),
    _of_tenant(webhooks.routes, "webhooks", "webhooks"),
)
