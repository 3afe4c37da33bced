"""The path of each blueprint: the documented path and its aliases."""

from collections.abc import Mapping
from typing import Any

from admin_gateway.routes import (
    api_keys,
    attempts,
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
    explain,
    packages,
    personal_data,
    points,
    redemptions,
    reports,
    reward_items,
    tenant_secrets,
    users,
    webhooks,
)
from coupon_core.schemas.identifiers import TENANT_ID_PATTERN
from coupon_core.web.blueprint import JsonBlueprint

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


def _under_tenant_path(
    blueprint: JsonBlueprint, name: str, path: str
) -> tuple[JsonBlueprint, dict[str, Any]]:
    prefix = f"/v1/tenants/<tenant_id>/{path}"
    return blueprint, {
        "name": name,
        "url_prefix": prefix,
        "parameters": [TENANT_PATH_PARAMETER],
    }


def _without_tenant_path(
    blueprint: JsonBlueprint, name: str, path: str
) -> tuple[JsonBlueprint, dict[str, Any]]:
    options = {
        "name": name,
        "url_prefix": f"/v1/{path}",
        "parameters": [TENANT_QUERY_PARAMETER],
    }
    return blueprint, options


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
BLUEPRINTS = (
    _under_tenant_path(reward_items.routes, "rewards", "rewards"),
    _under_tenant_path(reward_items.routes, "reward_items", "reward-items"),
    _without_tenant_path(reward_items.routes, "flat_reward_items", "reward-items"),
    _under_tenant_path(definitions.routes, "definitions", "coupons"),
    _without_tenant_path(definitions.routes, "flat_definitions", "coupons"),
    _under_tenant_path(coupons.routes, "coupons", "coupons"),
    _without_tenant_path(coupons.routes, "flat_coupons", "coupons"),
    _under_tenant_path(campaigns.routes, "campaigns", "campaigns"),
    _under_tenant_path(creators.routes, "creators", "creators"),
    _under_tenant_path(packages.routes, "packages", "packages"),
    _under_tenant_path(batches.routes, "batches", "batches"),
    _under_tenant_path(code_jobs.imports, "imports", "coupons"),
    _under_tenant_path(codes.routes, "codes", "codes"),
    _under_tenant_path(explain.routes, "explain", "codes"),
    _under_tenant_path(redemptions.routes, "redemptions", "redemptions"),
    _under_tenant_path(reports.routes, "reports", "reports"),
    _under_tenant_path(code_jobs.routes, "code_jobs", "codes"),
    _under_tenant_path(api_keys.routes, "api_keys", "api-keys"),
    _without_tenant_path(api_keys.own_routes, "own_api_key", "api-keys"),
    _under_tenant_path(client_keys.routes, "client_keys", "client-keys"),
    _under_tenant_path(tenant_secrets.routes, "secrets", "secrets"),
    _under_tenant_path(points.routes, "points", "points"),
    _under_tenant_path(users.routes, "users", "users"),
    _under_tenant_path(personal_data.routes, "personal_data", "users"),
    _without_tenant_path(events.routes, "flat_events", "events"),
    _under_tenant_path(events.routes, "events", "events"),
    _under_tenant_path(dead_letters.routes, "dead_letters", "dead-letters"),
    _under_tenant_path(audit.routes, "audit", "audit"),
    _under_tenant_path(attempts.routes, "attempts", "attempts"),
    _under_tenant_path(attempts.signal_routes, "signals", "reports/signals"),
    _under_tenant_path(webhooks.routes, "webhooks", "webhooks"),
)
