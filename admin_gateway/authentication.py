"""Authentication and authorization of requests, before any view runs."""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from flask import g, request

from coupon_core.domain.models import Principal, Scope, utc_now
from coupon_core.domain.rules.scopes import list_granting_scopes
from coupon_core.observability import audit_context
from coupon_core.schemas.identifiers import is_uuid
from coupon_core.security.authentication import (
    authenticate_admin,
    require_scope,
    require_tenant,
)
from coupon_core.services.access import tenants
from coupon_core.web.authentication import bearer_token
from coupon_core.web.query_string import parse_query

if TYPE_CHECKING:
    from coupon_core.web.openapi.routes import DocumentedRoute

SECURITY_SCHEMES: Mapping[str, Any] = {
    "adminToken": {
        "type": "http",
        "scheme": "bearer",
        "description": 'Either a JWT with sub_type "admin", sub_id (the ID of an API '
        "key) and exp, signed with that API key (HS256), or the API key itself.",
    },
    "apiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
}
FLAT_PREFIX = "flat_"  # names of blueprints without the tenant in the path
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
# The scope that write requests need, by blueprint. Read requests need `read`.
WRITE_SCOPES: Mapping[str, Scope] = {
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
    "explain": Scope.READ,
    "redemptions": Scope.COUPONS,
    "api_keys": Scope.KEYS,
    "client_keys": Scope.KEYS,
    "secrets": Scope.KEYS,
    "points": Scope.COUPONS,
    "users": Scope.COUPONS,
    "personal_data": Scope.PRIVACY,
    "events": Scope.EVENTS,
    "flat_events": Scope.EVENTS,
    "dead_letters": Scope.EVENTS,
    "webhooks": Scope.EVENTS,
}
# The scope of single views that differs from the one of their blueprint or method.
VIEW_SCOPES: Mapping[str, Scope] = {
    "codes.export": Scope.EXPORT,
    "personal_data.export": Scope.PRIVACY,
    "codes.assign": Scope.SUPPORT,
    "coupons.change": Scope.SUPPORT,
    "coupons.revoke": Scope.SUPPORT,
    "coupons.revoke_code": Scope.SUPPORT,
    "coupons.restore": Scope.SUPPORT,
    "coupons.reissue": Scope.SUPPORT,
    "redemptions.reverse": Scope.SUPPORT,
}
# Where a program that calls the app in its own process puts the principal. No header
# can be there: their keys begin with HTTP_, and their values are text.
CALLER_ENVIRON_KEY = "coupon.in_process_caller"
# Views that any API key of the tenant may call, because they are about the key itself.
VIEWS_WITHOUT_SCOPE = frozenset({"own_api_key.get_own"})
# Path parameters whose values the tenant chooses, so they are not UUIDs.
TEXT_PARAMETERS = frozenset(
    {"code", "client_key_id", "user_id", "campaign_id", "creator_key"}
)
INTEGER_PARAMETERS = frozenset({"webhook_id", "package_id", "redemption_id"})
UNMATCHABLE_UUID = "00000000-0000-0000-0000-000000000000"
UNMATCHABLE_ID = 0
_is_positive_integer = re.compile("[1-9][0-9]{0,15}").fullmatch


def authenticate() -> None:
    """Authenticate every request below /v1, whether or not its route exists.

    Raises:
        Refused: The credentials are missing or invalid, or the key may not do this.
    """
    if request.path.startswith("/v1/"):
        g.principal = _identify_caller()
        audit_context.set_principal(g.principal)
        if request.url_rule:
            _authorize(g.principal, request.view_args or {})


def _identify_caller() -> Principal:
    caller = request.environ.get(CALLER_ENVIRON_KEY)
    if isinstance(caller, Principal):
        tenants.require(caller.tenant_id)
        return caller
    key = request.headers.get("X-API-Key")
    return authenticate_admin(key, bearer_token(), now=utc_now())


def _authorize(principal: Principal, path_parameters: dict[str, Any]) -> None:
    """Check tenant and scope, and normalize the ids in the path for the views.

    A malformed id becomes one that no row has. It is then answered like a missing
    one, and no database has to parse it as a UUID.
    """
    requested_tenant_id = path_parameters.pop(
        "tenant_id", None
    ) or _requested_tenant_id(principal.tenant_id)
    endpoint = request.endpoint or ""
    if endpoint in VIEWS_WITHOUT_SCOPE:
        require_tenant(principal, requested_tenant_id)
    else:
        scope = get_required_scope(endpoint, request.method)
        require_scope(principal, requested_tenant_id, scope=scope)
    for name in path_parameters.keys() & INTEGER_PARAMETERS:
        path_parameters[name] = (
            int(path_parameters[name])
            if _is_positive_integer(path_parameters[name])
            else UNMATCHABLE_ID
        )
    for name in path_parameters.keys() - TEXT_PARAMETERS - INTEGER_PARAMETERS:
        path_parameters[name] = (
            path_parameters[name].lower()
            if is_uuid(path_parameters[name])
            else UNMATCHABLE_UUID
        )


def get_required_scope(endpoint: str, method: str) -> Scope:
    """Return the scope that a view needs for a method."""
    view_name = endpoint.removeprefix(FLAT_PREFIX)
    if view_name in VIEW_SCOPES:
        return VIEW_SCOPES[view_name]
    is_read = method in SAFE_METHODS
    return Scope.READ if is_read else WRITE_SCOPES[endpoint.rpartition(".")[0]]


def describe_access(route: "DocumentedRoute") -> str:
    """Return what a route requires of its caller, for the OpenAPI document."""
    if route.endpoint in VIEWS_WITHOUT_SCOPE:
        return "any API key, whatever its scopes"
    scope = get_required_scope(route.endpoint, route.method.upper())
    return "scope " + " or ".join(f"`{word}`" for word in list_granting_scopes(scope))


def _requested_tenant_id(default: str) -> str:
    return parse_query(request.environ, {"tenant_id"}).get("tenant_id", default)
