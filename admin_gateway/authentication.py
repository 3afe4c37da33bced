"""Who is calling and what they may do, settled before any view begins."""

import re
from collections.abc import Mapping
from typing import Any

from flask import g, request

from coupon_core.domain.models import Principal, Scope, utc_now
from coupon_core.observability import audit_context
from coupon_core.schemas.identifiers import is_uuid
from coupon_core.security.authentication import principal_of_admin, require_scope
from coupon_core.web.authentication import bearer
from coupon_core.web.query_string import strict_query

SECURITY: Mapping[str, Any] = {
    "adminToken": {
        "type": "http",
        "scheme": "bearer",
        "description": 'A JWT with sub_type "admin", sub_id (the id of an API key) '
        "and exp, signed with that API key by HS256; or the API key itself.",
    },
    "apiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
}
READING = frozenset({"GET", "HEAD", "OPTIONS"})
# What a key needs to write by the routes of a blueprint; to read it needs `read`.
WRITING: Mapping[str, Scope] = {
    "rewards": Scope.DEFINITIONS,
    "reward_items": Scope.DEFINITIONS,
    "flat_reward_items": Scope.DEFINITIONS,
    "definitions": Scope.DEFINITIONS,
    "flat_definitions": Scope.DEFINITIONS,
    "campaigns": Scope.DEFINITIONS,
    "packages": Scope.DEFINITIONS,
    "creators": Scope.COUPONS,
    "coupons": Scope.COUPONS,
    "flat_coupons": Scope.COUPONS,
    "batches": Scope.COUPONS,
    "imports": Scope.COUPONS,
    "codes": Scope.COUPONS,
    "code_jobs": Scope.COUPONS,
    "api_keys": Scope.KEYS,
    "client_keys": Scope.KEYS,
    "secrets": Scope.KEYS,
    "points": Scope.COUPONS,
    "users": Scope.COUPONS,
    "events": Scope.EVENTS,
    "flat_events": Scope.EVENTS,
    "dead_letters": Scope.EVENTS,
    "webhooks": Scope.EVENTS,
}
# Parts of paths that are texts of the tenant's own and no UUIDs.
TEXTS = frozenset({"code", "client_key_id", "user_id", "campaign_id", "creator_key"})
NUMBERS = frozenset({"webhook_id", "package_id"})
NO_ROW = "00000000-0000-0000-0000-000000000000"
NO_NUMBER = 0
_is_number = re.compile("[1-9][0-9]{0,15}").fullmatch


def authenticate() -> None:
    """Let nobody below /v1 without a good key, be there such a route or not."""
    if request.path.startswith("/v1/"):
        key = request.headers.get("X-API-Key")
        g.principal = principal_of_admin(key, bearer(), utc_now())
        audit_context.as_principal(g.principal)
        if request.url_rule:
            _authorize(g.principal, request.view_args or {})


def _authorize(principal: Principal, path: dict[str, Any]) -> None:
    """Check tenant and scope; leave the views the ids that they are about.

    A text that is no id becomes one that no row has: it answers like a missing one,
    and no database is asked to make a UUID of it.
    """
    asked = path.pop("tenant_id", None) or _tenant_in_query(principal.tenant_id)
    reads = request.method in READING
    scope = Scope.READ if reads else WRITING[request.blueprint or ""]
    require_scope(principal, asked, scope)
    for name in path.keys() & NUMBERS:
        path[name] = int(path[name]) if _is_number(path[name]) else NO_NUMBER
    for name in path.keys() - TEXTS - NUMBERS:
        path[name] = path[name].lower() if is_uuid(path[name]) else NO_ROW


def _tenant_in_query(own: str) -> str:
    return strict_query(request.environ, {"tenant_id"}).get("tenant_id", own)
