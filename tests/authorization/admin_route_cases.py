"""The access table of the admin gateway."""

from __future__ import annotations

from collections.abc import Mapping

from coupon_core.domain.models import Scope
from tests.authorization.route_cases import ExpectedAccess, Route, RouteCase

NAME_BODY = {"name": "Named"}
DEFINITION_BODY = {
    "name": "Offer of {item_id}",
    "config": {"reward_item_id": "{item_id}"},
}
MILESTONE_BODY = {
    **{"specversion": "1.0", "type": "streak.milestone_reached", "source": "/games"},
    **{"id": "e1", "subject": "ann", "data": {"streak_id": "daily", "threshold": 7}},
}
WEBHOOK_BODY = {
    "event_type": "coupon.redeemed",
    "url": "https://hooks.example.invalid/x",
}
CAMPAIGN_BODY = {"campaign_id": "c-{fresh_name}", "names": {"en": "Launch"}}
CREATOR_BODY = {"creator_key": "{fresh_key}", "name": "Jun"}
GEM_REWARD = {"itemId": "gem", "itemQuantity": 1}
PACKAGE_BODY = {"item_name": {"en": "Launch"}, "rewards": [GEM_REWARD]}
CAMPAIGN_PATH, CREATOR_PATH = (
    "/v1/campaigns/<campaign_id>",
    "/v1/creators/<creator_key>",
)
POINTS_BODY = {"user_id": "{known_user}", "point_id": "gold", "amount": 1}
CLIENT_KEY_BODY = {"kind": "playcamp_server", "name": "SDK"}
CSV_FILE = "code\nIMPORTED-{fresh_name}\n"
FUTURE_TIME = "2099-01-01T00:00:00Z"
WRITE_DEFINITIONS, WRITE_COUPONS = Scope.DEFINITIONS, Scope.COUPONS
FULL_ACCESS = frozenset({Scope.READ, Scope.EVENTS, WRITE_DEFINITIONS, WRITE_COUPONS})
DEFINITION_PATH = "/v1/coupons/<definition_id>"

# Keyed without the tenant in the path and with one spelling of reward items.
ADMIN_ROUTES: Mapping[str, RouteCase] = {
    "POST /v1/rewards": RouteCase(
        201,
        required_scope=WRITE_DEFINITIONS,
        body={**NAME_BODY, "reward_type": "a"},
        allowed_to_other_tenants=True,
    ),
    "GET /v1/rewards": RouteCase(),
    "GET /v1/rewards/<item_id>": RouteCase(),
    "PUT /v1/rewards/<item_id>": RouteCase(
        required_scope=WRITE_DEFINITIONS, body={**NAME_BODY, "reward_type": "a"}
    ),
    "PATCH /v1/rewards/<item_id>": RouteCase(
        required_scope=WRITE_DEFINITIONS, body=NAME_BODY
    ),
    "DELETE /v1/rewards/<item_id>": RouteCase(204, required_scope=WRITE_DEFINITIONS),
    "POST /v1/coupons": RouteCase(
        201, required_scope=WRITE_DEFINITIONS, missing_status=400, body=DEFINITION_BODY
    ),
    "GET /v1/coupons": RouteCase(),
    f"GET {DEFINITION_PATH}": RouteCase(),
    f"PUT {DEFINITION_PATH}": RouteCase(
        required_scope=WRITE_DEFINITIONS,
        body={**DEFINITION_BODY, "name": "Put on {definition_id}"},
    ),
    f"PATCH {DEFINITION_PATH}": RouteCase(
        required_scope=WRITE_DEFINITIONS, body={"description": "Changed"}
    ),
    f"POST {DEFINITION_PATH}/pause": RouteCase(required_scope=WRITE_DEFINITIONS),
    f"POST {DEFINITION_PATH}/activate": RouteCase(required_scope=WRITE_DEFINITIONS),
    f"POST {DEFINITION_PATH}/archive": RouteCase(required_scope=WRITE_DEFINITIONS),
    f"POST {DEFINITION_PATH}/suspend": RouteCase(required_scope=WRITE_DEFINITIONS),
    f"POST {DEFINITION_PATH}/resume": RouteCase(required_scope=WRITE_DEFINITIONS),
    f"DELETE {DEFINITION_PATH}": RouteCase(204, required_scope=WRITE_DEFINITIONS),
    f"GET {DEFINITION_PATH}/stats": RouteCase(),
    f"GET {DEFINITION_PATH}/capacity": RouteCase(),
    f"POST {DEFINITION_PATH}/generate": RouteCase(
        201, required_scope=WRITE_COUPONS, body={"count": 1}
    ),
    f"GET {DEFINITION_PATH}/coupons": RouteCase(),
    f"GET {DEFINITION_PATH}/coupons/<coupon_id>": RouteCase(),
    f"PATCH {DEFINITION_PATH}/coupons/<coupon_id>": RouteCase(
        required_scope=Scope.SUPPORT, body={"metadata": {}}
    ),
    f"POST {DEFINITION_PATH}/coupons/<coupon_id>/revoke": RouteCase(
        required_scope=Scope.SUPPORT
    ),
    f"POST {DEFINITION_PATH}/coupons/<coupon_id>/restore": RouteCase(
        required_scope=Scope.SUPPORT
    ),
    f"POST {DEFINITION_PATH}/coupons/<coupon_id>/reissue": RouteCase(
        201, required_scope=Scope.SUPPORT
    ),
    f"POST {DEFINITION_PATH}/coupons/revoke": RouteCase(
        required_scope=Scope.SUPPORT, body={"code": "{code}"}
    ),
    "GET /v1/coupons/codes/<code>": RouteCase(),
    f"POST {DEFINITION_PATH}/import": RouteCase(
        201, required_scope=WRITE_COUPONS, body=CSV_FILE
    ),
    "GET /v1/codes": RouteCase(),
    "GET /v1/codes/<coupon_id>": RouteCase(),
    "GET /v1/codes/export": RouteCase(required_scope=Scope.EXPORT),
    "POST /v1/codes/assign": RouteCase(
        required_scope=Scope.SUPPORT, body={"code": "{loose_code}", "user_id": "carl"}
    ),
    "POST /v1/codes/explain": RouteCase(
        missing_status=200, body={"code": "{code}", "at": FUTURE_TIME}
    ),
    "GET /v1/codes/search": RouteCase(missing_status=200, query="?q={code}"),
    "GET /v1/codes/jobs": RouteCase(),
    "GET /v1/codes/jobs/<job_id>": RouteCase(),
    "POST /v1/codes/revoke": RouteCase(
        required_scope=WRITE_COUPONS, body={"batch_id": "{batch_id}"}
    ),
    "POST /v1/codes/restore": RouteCase(
        required_scope=WRITE_COUPONS, body={"batch_id": "{batch_id}"}
    ),
    "POST /v1/codes/expiry": RouteCase(
        required_scope=WRITE_COUPONS,
        body={"batch_id": "{batch_id}", "expires_at": FUTURE_TIME},
    ),
    "POST /v1/batches/<batch_id>/restore": RouteCase(required_scope=WRITE_COUPONS),
    "POST /v1/codes/extend": RouteCase(
        required_scope=WRITE_COUPONS,
        body={"batch_id": "{batch_id}", "expires_at": FUTURE_TIME},
    ),
    "POST /v1/client-keys": RouteCase(
        201,
        required_scope=Scope.KEYS,
        additional_scopes=FULL_ACCESS,
        body=CLIENT_KEY_BODY,
        allowed_to_other_tenants=True,
    ),
    "GET /v1/client-keys": RouteCase(),
    "GET /v1/client-keys/<client_key_id>": RouteCase(),
    "POST /v1/client-keys/<client_key_id>/revoke": RouteCase(required_scope=Scope.KEYS),
    "DELETE /v1/client-keys/<client_key_id>": RouteCase(204, required_scope=Scope.KEYS),
    "POST /v1/points/credit": RouteCase(
        201, required_scope=WRITE_COUPONS, body=POINTS_BODY
    ),
    "POST /v1/points/debit": RouteCase(
        201, required_scope=WRITE_COUPONS, body=POINTS_BODY
    ),
    "GET /v1/points/wallets": RouteCase(),
    "GET /v1/points/entries": RouteCase(),
    "POST /v1/users": RouteCase(
        201,
        required_scope=WRITE_COUPONS,
        body={"user_id": "known-{fresh_name}"},
        allowed_to_other_tenants=True,
    ),
    "GET /v1/users": RouteCase(),
    "GET /v1/users/<known_user>": RouteCase(),
    "PATCH /v1/users/<known_user>": RouteCase(
        required_scope=WRITE_COUPONS, body={"is_member": True}
    ),
    "GET /v1/users/<known_user>/export": RouteCase(required_scope=Scope.PRIVACY),
    "POST /v1/users/<known_user>/erase": RouteCase(required_scope=Scope.PRIVACY),
    "GET /v1/batches": RouteCase(),
    "GET /v1/batches/<batch_id>": RouteCase(),
    "POST /v1/batches/<batch_id>/cancel": RouteCase(required_scope=WRITE_COUPONS),
    "POST /v1/batches/<batch_id>/suspend": RouteCase(required_scope=WRITE_COUPONS),
    "POST /v1/batches/<batch_id>/resume": RouteCase(required_scope=WRITE_COUPONS),
    "GET /v1/audit": RouteCase(),
    "GET /v1/attempts": RouteCase(),
    "GET /v1/reports/signals": RouteCase(),
    "GET /v1/redemptions": RouteCase(),
    "GET /v1/redemptions/<redemption_id>": RouteCase(),
    "POST /v1/redemptions/<redemption_id>/reverse": RouteCase(
        required_scope=Scope.SUPPORT, body={"reason": "Mistake"}
    ),
    "GET /v1/reports/redemptions": RouteCase(query="?definition_id={definition_id}"),
    "GET /v1/reports/funnel": RouteCase(query="?creator_key={creator_key}"),
    "GET /v1/reports/refusals": RouteCase(query="?campaign_id={campaign_id}"),
    "GET /v1/reports/top": RouteCase(query="?by=user&campaign_id={campaign_id}"),
    "GET /v1/reports/compare": RouteCase(query="?campaign_id={campaign_id}"),
    "POST /v1/campaigns": RouteCase(
        201,
        required_scope=WRITE_DEFINITIONS,
        body=CAMPAIGN_BODY,
        allowed_to_other_tenants=True,
    ),
    "GET /v1/campaigns": RouteCase(),
    f"GET {CAMPAIGN_PATH}": RouteCase(),
    f"PATCH {CAMPAIGN_PATH}": RouteCase(
        required_scope=WRITE_DEFINITIONS, body={"names": {"en": "Changed"}}
    ),
    f"POST {CAMPAIGN_PATH}/suspend": RouteCase(required_scope=WRITE_DEFINITIONS),
    f"POST {CAMPAIGN_PATH}/resume": RouteCase(required_scope=WRITE_DEFINITIONS),
    f"GET {CAMPAIGN_PATH}/stats": RouteCase(),
    f"GET {CAMPAIGN_PATH}/creators": RouteCase(),
    f"PUT {CAMPAIGN_PATH}/creators/<creator_key>": RouteCase(
        required_scope=WRITE_DEFINITIONS
    ),
    f"DELETE {CAMPAIGN_PATH}/creators/<creator_key>": RouteCase(
        204, required_scope=WRITE_DEFINITIONS
    ),
    f"POST {CAMPAIGN_PATH}/packages": RouteCase(
        201, required_scope=WRITE_DEFINITIONS, body=PACKAGE_BODY
    ),
    "POST /v1/creators": RouteCase(
        201,
        required_scope=WRITE_COUPONS,
        body=CREATOR_BODY,
        allowed_to_other_tenants=True,
    ),
    "POST /v1/creators/bulk": RouteCase(
        201,
        required_scope=WRITE_COUPONS,
        body={"campaign_id": "{campaign_id}", "creators": [CREATOR_BODY]},
    ),
    "GET /v1/creators": RouteCase(),
    f"GET {CREATOR_PATH}": RouteCase(),
    f"PATCH {CREATOR_PATH}": RouteCase(
        required_scope=WRITE_COUPONS, body={"status": "INACTIVE"}
    ),
    f"GET {CREATOR_PATH}/stats": RouteCase(),
    f"GET {CREATOR_PATH}/codes": RouteCase(),
    f"POST {CREATOR_PATH}/codes": RouteCase(
        201,
        required_scope=WRITE_COUPONS,
        body={"package_id": "{#package_id}", "count": 1},
    ),
    f"POST {CREATOR_PATH}/codes/revoke": RouteCase(
        required_scope=WRITE_COUPONS, body={"codes": ["{creator_code}"]}
    ),
    "GET /v1/packages": RouteCase(),
    "GET /v1/packages/<package_id>": RouteCase(),
    "PATCH /v1/packages/<package_id>": RouteCase(
        required_scope=WRITE_DEFINITIONS, body={"max_total_usage": 9}
    ),
    "POST /v1/webhooks": RouteCase(
        201,
        required_scope=Scope.EVENTS,
        additional_scopes=frozenset({Scope.READ}),
        body=WEBHOOK_BODY,
        allowed_to_other_tenants=True,
    ),
    "GET /v1/webhooks": RouteCase(),
    "GET /v1/webhooks/<webhook_id>": RouteCase(),
    "PATCH /v1/webhooks/<webhook_id>": RouteCase(
        required_scope=Scope.EVENTS, body={"is_active": False}
    ),
    "DELETE /v1/webhooks/<webhook_id>": RouteCase(204, required_scope=Scope.EVENTS),
    "POST /v1/webhooks/<webhook_id>/rotate": RouteCase(required_scope=Scope.EVENTS),
    "GET /v1/webhooks/<webhook_id>/logs": RouteCase(),
    "POST /v1/webhooks/<webhook_id>/test": RouteCase(required_scope=Scope.EVENTS),
    "POST /v1/webhooks/<webhook_id>/deliveries/<delivery_id>/resend": RouteCase(
        202, required_scope=Scope.EVENTS
    ),
    "POST /v1/api-keys": RouteCase(
        201, required_scope=Scope.KEYS, body=NAME_BODY, allowed_to_other_tenants=True
    ),
    "GET /v1/api-keys": RouteCase(),
    "GET /v1/api-keys/self": RouteCase(required_scope=None),
    "GET /v1/api-keys/<key_id>": RouteCase(),
    "POST /v1/api-keys/<key_id>/revoke": RouteCase(required_scope=Scope.KEYS),
    "DELETE /v1/api-keys/<key_id>": RouteCase(204, required_scope=Scope.KEYS),
    "GET /v1/secrets": RouteCase(),
    "POST /v1/secrets/rotate": RouteCase(
        201,
        required_scope=Scope.KEYS,
        additional_scopes=frozenset({WRITE_COUPONS}),
        allowed_to_other_tenants=True,
    ),
    "DELETE /v1/secrets/<secret_id>": RouteCase(204, required_scope=Scope.KEYS),
    "POST /v1/events": RouteCase(
        202,
        required_scope=Scope.EVENTS,
        body=MILESTONE_BODY,
        allowed_to_other_tenants=True,
    ),
    "POST /v1/events/bulk": RouteCase(
        202,
        required_scope=Scope.EVENTS,
        body={"events": [MILESTONE_BODY]},
        allowed_to_other_tenants=True,
    ),
    "GET /v1/dead-letters": RouteCase(),
    "GET /v1/dead-letters/<letter_id>": RouteCase(),
    "POST /v1/dead-letters/<letter_id>/retry": RouteCase(
        202, required_scope=Scope.EVENTS
    ),
    "DELETE /v1/dead-letters/<letter_id>": RouteCase(204, required_scope=Scope.EVENTS),
}


def get_expected_access(route: Route, credential: str) -> ExpectedAccess:
    """Return the access that the table expects for a credential at a route."""
    if credential in ("other tenant's key", "other tenant's admin token"):
        return (
            ExpectedAccess.FORBIDDEN
            if route.has_tenant_placeholder
            else ExpectedAccess.SERVED_AS_OTHER_TENANT
        )
    if credential.startswith("key: "):
        case = route.case
        if case.required_scope is None:
            return ExpectedAccess.SERVED
        granting_scopes = {case.required_scope}
        if case.required_scope == Scope.SUPPORT:
            granting_scopes.add(Scope.COUPONS)
        is_granted = not case.additional_scopes and credential in {
            f"key: {scope}" for scope in granting_scopes
        }
        return ExpectedAccess.SERVED if is_granted else ExpectedAccess.FORBIDDEN
    is_valid = credential in ("key", "key as bearer", "admin token")
    return ExpectedAccess.SERVED if is_valid else ExpectedAccess.UNAUTHENTICATED
