"""The access tables of the query gateway, one for each dialect."""

from __future__ import annotations

from collections.abc import Mapping

from tests.authorization.route_cases import ExpectedAccess, Route, RouteCase

PHOENIX_ROUTES: Mapping[str, RouteCase] = {
    "GET /v1/coupons/definitions": RouteCase(),
    "GET /v1/coupons/user/<user_id>": RouteCase(),
    "GET /v1/coupons/user/<user_id>/redemptions": RouteCase(),
    "GET /v1/coupons/user/<user_id>/<coupon_id>": RouteCase(),
    "GET /v1/coupons/validate/<code>": RouteCase(
        missing_status=200, query="?user_id={user_id}"
    ),
    "POST /v1/coupons/redeem/<code>": RouteCase(body={"user_id": "{user_id}"}),
    "POST /v1/coupons/reserve/<code>": RouteCase(201, body={"user_id": "{user_id}"}),
    "POST /v1/coupons/reservations/<reservation_id>/confirm": RouteCase(),
    "DELETE /v1/coupons/reservations/<reservation_id>": RouteCase(204),
}
CODE_BODY = {"uuid": "{known_user}", "code": "{held_code}"}
ACTIVITY_BODY = {
    "uuid": "{known_user}",
    "attrs": {"type": "coupon", "action": "redeem", "code": "{held_code}"},
}
OFFER_BODY = {
    "name": "Offer {fresh_name}",
    "code": "C-{fresh_name}",
    "type": "shipping",
}
MAMBO_COUPON_PATH = "/api/v1/coupons/<mambo_id>"
SITE_PATH = "/api/v1/<site>"
MAMBO_ROUTES: Mapping[str, RouteCase] = {
    f"POST {SITE_PATH}/activities/sync": RouteCase(body=ACTIVITY_BODY),
    f"POST {SITE_PATH}/activities": RouteCase(
        missing_status=200, body=ACTIVITY_BODY, writes_when_refused=True
    ),
    f"POST {SITE_PATH}/coupons/redeem": RouteCase(body=CODE_BODY),
    f"POST {SITE_PATH}/coupons/refund": RouteCase(
        body={"uuid": "{known_user}", "code": "{bought_code}"}
    ),
    f"GET {SITE_PATH}/activities": RouteCase(),
    "GET /api/v1/activities/<activity_id>": RouteCase(),
    "POST /api/v1/activities/<activity_id>/reject": RouteCase(
        body={"reason": "a mistake"}
    ),
    f"POST {SITE_PATH}/users": RouteCase(
        201, body={"uuid": "u-{fresh_name}"}, allowed_to_other_tenants=True
    ),
    f"GET {SITE_PATH}/users/<known_user>": RouteCase(),
    f"PUT {SITE_PATH}/users/<known_user>": RouteCase(body={"isMember": True}),
    f"POST {SITE_PATH}/users/<known_user>/member": RouteCase(),
    f"GET {SITE_PATH}/users/<known_user>/coupons": RouteCase(),
    f"GET {SITE_PATH}/users/<known_user>/coupons/all": RouteCase(),
    f"GET {SITE_PATH}/users/<known_user>/activities": RouteCase(),
    f"GET {SITE_PATH}/activities/<known_user>": RouteCase(),
    f"POST {SITE_PATH}/coupons": RouteCase(
        201, body=OFFER_BODY, allowed_to_other_tenants=True
    ),
    f"GET {SITE_PATH}/coupons": RouteCase(),
    f"GET {SITE_PATH}/coupons/buyable": RouteCase(),
    f"GET {SITE_PATH}/coupons/regular": RouteCase(),
    f"POST {SITE_PATH}/coupons/validate": RouteCase(body=CODE_BODY),
    f"GET {MAMBO_COUPON_PATH}": RouteCase(),
    f"PUT {MAMBO_COUPON_PATH}": RouteCase(body=OFFER_BODY),
    f"DELETE {MAMBO_COUPON_PATH}": RouteCase(204),
    "DELETE /api/v1/coupons": RouteCase(204, body={"ids": ["{mambo_id}"]}),
    f"POST {MAMBO_COUPON_PATH}/clone": RouteCase(201),
    f"POST {MAMBO_COUPON_PATH}/image": RouteCase(
        400
    ),  # always refused, but not with 401
}
PLAYCAMP_PREFIXES = "/v1/client", "/v1/server"
REDEEM_BODY = {"couponCode": "{creator_code}", "userId": "{user_id}"}
WEBHOOK_BODY = {
    "eventType": "coupon.redeemed",
    "url": "https://hooks.example.invalid/x",
}
WEBHOOKS_PATH, WEBHOOK_PATH = "/v1/server/webhooks", "/v1/server/webhooks/<webhook_id>"
PLAYCAMP_ROUTES: Mapping[str, RouteCase] = {
    "POST /v1/server/coupons/validate": RouteCase(missing_status=200, body=REDEEM_BODY),
    "POST /v1/server/coupons/redeem": RouteCase(body=REDEEM_BODY),
    "GET /v1/server/coupons/user/<user_id>": RouteCase(),
    "POST /v1/client/coupons/validate": RouteCase(
        missing_status=200, body={"couponCode": "{creator_code}"}
    ),
    **{f"GET {side}/campaigns": RouteCase() for side in PLAYCAMP_PREFIXES},
    **{
        f"GET {side}/campaigns/<campaign_id>": RouteCase() for side in PLAYCAMP_PREFIXES
    },
    **{
        f"GET {side}/campaigns/<campaign_id>/creators": RouteCase()
        for side in PLAYCAMP_PREFIXES
    },
    "GET /v1/client/campaigns/<campaign_id>/packages": RouteCase(),
    **{
        f"GET {side}/creators/search": RouteCase(query="?keyword=Creator")
        for side in PLAYCAMP_PREFIXES
    },
    **{f"GET {side}/creators/<creator_key>": RouteCase() for side in PLAYCAMP_PREFIXES},
    "GET /v1/server/creators/<creator_key>/coupons": RouteCase(),
    f"GET {WEBHOOKS_PATH}": RouteCase(),
    f"POST {WEBHOOKS_PATH}": RouteCase(
        201, body=WEBHOOK_BODY, allowed_to_other_tenants=True
    ),
    f"PUT {WEBHOOK_PATH}": RouteCase(body={"isActive": False}),
    f"DELETE {WEBHOOK_PATH}": RouteCase(204),
    f"GET {WEBHOOK_PATH}/logs": RouteCase(),
    f"POST {WEBHOOK_PATH}/test": RouteCase(),
}
PHOENIX_ACCESS: Mapping[str, ExpectedAccess] = {
    "user token": ExpectedAccess.SERVED_AS_USER,
    "server token": ExpectedAccess.SERVED,
    "other tenant's user token": ExpectedAccess.SERVED_AS_OTHER_TENANT,
    "other tenant's server token": ExpectedAccess.SERVED_AS_OTHER_TENANT,
    "signature": ExpectedAccess.SERVED,
    "other tenant's signature": ExpectedAccess.FORBIDDEN,
}


def get_expected_access(route: Route, credential: str) -> ExpectedAccess:
    """Return the access that the table expects for a credential at a route."""
    for prefix, lock in ACCESS_RULES.items():
        if route.rule.startswith(prefix):
            return lock(route, credential)
    return _get_phoenix_access(route, credential)


def _get_phoenix_access(route: Route, credential: str) -> ExpectedAccess:
    found = PHOENIX_ACCESS.get(credential, ExpectedAccess.UNAUTHENTICATED)
    if route.has_tenant_placeholder:
        return (
            ExpectedAccess.FORBIDDEN
            if found == ExpectedAccess.SERVED_AS_OTHER_TENANT
            else found
        )
    return ExpectedAccess.UNAUTHENTICATED if credential.endswith("signature") else found


def _get_mambo_access(route: Route, credential: str) -> ExpectedAccess:
    if credential == "other tenant's Mambo token":
        return (
            ExpectedAccess.SITE_NOT_FOUND
            if route.has_tenant_placeholder
            else ExpectedAccess.SERVED_AS_OTHER_TENANT
        )
    return (
        ExpectedAccess.SERVED
        if credential == "Mambo token"
        else ExpectedAccess.UNAUTHENTICATED
    )


def _get_playcamp_access(route: Route, credential: str) -> ExpectedAccess:
    if credential == "other tenant's PlayCamp key":
        return ExpectedAccess.SERVED_AS_OTHER_TENANT
    if credential == "PlayCamp client key":
        is_client = route.rule.startswith("/v1/client/")
        return ExpectedAccess.SERVED if is_client else ExpectedAccess.FORBIDDEN
    return (
        ExpectedAccess.SERVED
        if credential == "PlayCamp server key"
        else ExpectedAccess.UNAUTHENTICATED
    )


ACCESS_RULES = {
    "/api/": _get_mambo_access,
    "/v1/server/": _get_playcamp_access,
    "/v1/client/": _get_playcamp_access,
}
