"""The rows of the query gateway, a table a dialect, and who is let in there."""

from __future__ import annotations

from collections.abc import Mapping

from .rows import Route, Row, Told

PHOENIX: Mapping[str, Row] = {
    "GET /v1/coupons/definitions": Row(),
    "GET /v1/coupons/user/<user_id>": Row(),
    "GET /v1/coupons/user/<user_id>/redemptions": Row(),
    "GET /v1/coupons/user/<user_id>/<coupon_id>": Row(),
    "GET /v1/coupons/validate/<code>": Row(missing=200, query="?user_id={user_id}"),
    "POST /v1/coupons/redeem/<code>": Row(body={"user_id": "{user_id}"}),
}
OF_CODE = {"uuid": "{known_user}", "code": "{held_code}"}
ACTIVITY = {
    "uuid": "{known_user}",
    "attrs": {"type": "coupon", "action": "redeem", "code": "{held_code}"},
}
OFFER = {"name": "Offer {fresh_name}", "code": "C-{fresh_name}", "type": "shipping"}
MAMBO_ID = "/api/v1/coupons/<mambo_id>"
OF_SITE = "/api/v1/<site>"
MAMBO: Mapping[str, Row] = {
    f"POST {OF_SITE}/activities/sync": Row(body=ACTIVITY),
    f"POST {OF_SITE}/activities": Row(missing=200, body=ACTIVITY, notes=True),
    f"POST {OF_SITE}/coupons/redeem": Row(body=OF_CODE),
    f"POST {OF_SITE}/coupons/refund": Row(
        body={"uuid": "{known_user}", "code": "{bought_code}"}
    ),
    f"GET {OF_SITE}/activities": Row(),
    "GET /api/v1/activities/<activity_id>": Row(),
    "POST /api/v1/activities/<activity_id>/reject": Row(body={"reason": "a mistake"}),
    f"POST {OF_SITE}/users": Row(201, body={"uuid": "u-{fresh_name}"}, makes=True),
    f"GET {OF_SITE}/users/<known_user>": Row(),
    f"PUT {OF_SITE}/users/<known_user>": Row(body={"isMember": True}),
    f"POST {OF_SITE}/users/<known_user>/member": Row(),
    f"GET {OF_SITE}/users/<known_user>/coupons": Row(),
    f"GET {OF_SITE}/users/<known_user>/coupons/all": Row(),
    f"POST {OF_SITE}/coupons": Row(201, body=OFFER, makes=True),
    f"GET {OF_SITE}/coupons": Row(),
    f"GET {OF_SITE}/coupons/buyable": Row(),
    f"GET {OF_SITE}/coupons/regular": Row(),
    f"POST {OF_SITE}/coupons/validate": Row(body=OF_CODE),
    f"GET {MAMBO_ID}": Row(),
    f"PUT {MAMBO_ID}": Row(body=OFFER),
    f"DELETE {MAMBO_ID}": Row(204),
    "DELETE /api/v1/coupons": Row(204, body={"ids": ["{mambo_id}"]}),
    f"POST {MAMBO_ID}/clone": Row(201),
    f"POST {MAMBO_ID}/image": Row(400),  # refused always, but not to strangers
}
BOTH = "/v1/client", "/v1/server"
USE = {"couponCode": "{creator_code}", "userId": "{user_id}"}
HOOK = {"eventType": "coupon.redeemed", "url": "https://hooks.example.invalid/x"}
HOOKS, OF_HOOK = "/v1/server/webhooks", "/v1/server/webhooks/<webhook_id>"
PLAYCAMP: Mapping[str, Row] = {
    "POST /v1/server/coupons/validate": Row(missing=200, body=USE),
    "POST /v1/server/coupons/redeem": Row(body=USE),
    "GET /v1/server/coupons/user/<user_id>": Row(),
    "POST /v1/client/coupons/validate": Row(
        missing=200, body={"couponCode": "{creator_code}"}
    ),
    **{f"GET {side}/campaigns": Row() for side in BOTH},
    **{f"GET {side}/campaigns/<campaign_id>": Row() for side in BOTH},
    **{f"GET {side}/campaigns/<campaign_id>/creators": Row() for side in BOTH},
    "GET /v1/client/campaigns/<campaign_id>/packages": Row(),
    **{f"GET {side}/creators/search": Row(query="?keyword=Creator") for side in BOTH},
    **{f"GET {side}/creators/<creator_key>": Row() for side in BOTH},
    "GET /v1/server/creators/<creator_key>/coupons": Row(),
    f"GET {HOOKS}": Row(),
    f"POST {HOOKS}": Row(201, body=HOOK, makes=True),
    f"PUT {OF_HOOK}": Row(body={"isActive": False}),
    f"DELETE {OF_HOOK}": Row(204),
    f"GET {OF_HOOK}/logs": Row(),
    f"POST {OF_HOOK}/test": Row(),
}
AT_PHOENIX: Mapping[str, Told] = {
    "user token": Told.A_USER,
    "server token": Told.SERVED,
    "other tenant's user token": Told.STRANGER,
    "other tenant's server token": Told.STRANGER,
    "signature": Told.SERVED,
    "other tenant's signature": Told.FORBIDDEN,
}


def told(route: Route, credential: str) -> Told:
    """What the table says of a credential at a route of the query gateway."""
    for prefix, lock in LOCKS.items():
        if route.rule.startswith(prefix):
            return lock(route, credential)
    return _at_phoenix(route, credential)


def _at_phoenix(route: Route, credential: str) -> Told:
    found = AT_PHOENIX.get(credential, Told.UNKNOWN)
    if route.names_tenant:
        return Told.FORBIDDEN if found == Told.STRANGER else found
    return Told.UNKNOWN if credential.endswith("signature") else found


def _at_mambo(route: Route, credential: str) -> Told:
    if credential == "other tenant's Mambo token":
        return Told.NO_SITE if route.names_tenant else Told.STRANGER
    return Told.SERVED if credential == "Mambo token" else Told.UNKNOWN


def _at_playcamp(route: Route, credential: str) -> Told:
    if credential == "other tenant's PlayCamp key":
        return Told.STRANGER
    if credential == "PlayCamp client key":
        is_client = route.rule.startswith("/v1/client/")
        return Told.SERVED if is_client else Told.FORBIDDEN
    return Told.SERVED if credential == "PlayCamp server key" else Told.UNKNOWN


LOCKS = {
    "/api/": _at_mambo,
    "/v1/server/": _at_playcamp,
    "/v1/client/": _at_playcamp,
}
