"""The rows of the admin gateway, and who is let in there."""

from __future__ import annotations

from collections.abc import Mapping

from coupon_core.domain.models import Scope

from .rows import Route, Row, Told

NAMED = {"name": "Named"}
OF_REWARD = {"name": "Offer of {item_id}", "config": {"reward_item_id": "{item_id}"}}
EVENT = {
    **{"specversion": "1.0", "type": "streak.milestone_reached", "source": "/games"},
    **{"id": "e1", "subject": "ann", "data": {"streak_id": "daily", "threshold": 7}},
}
WEBHOOK = {"event_type": "coupon.redeemed", "url": "https://hooks.example.invalid/x"}
CAMPAIGN = {"campaign_id": "c-{fresh_name}", "names": {"en": "Launch"}}
CREATOR = {"creator_key": "{fresh_key}", "name": "Jun"}
GEMS = {"itemId": "gem", "itemQuantity": 1}
PACKAGE = {"item_name": {"en": "Launch"}, "rewards": [GEMS]}
OF_CAMPAIGN, OF_CREATOR = "/v1/campaigns/<campaign_id>", "/v1/creators/<creator_key>"
POINTS = {"user_id": "{known_user}", "point_id": "gold", "amount": 1}
CLIENT_KEY = {"kind": "playcamp_server", "name": "SDK"}
CSV_FILE = "code\nIMPORTED-{fresh_name}\n"
LATER = "2099-01-01T00:00:00Z"
WRITES, COUPONS = Scope.DEFINITIONS, Scope.COUPONS
DEFINITION = "/v1/coupons/<definition_id>"

# Keyed without the tenant in the path and with one spelling of reward items.
ADMIN: Mapping[str, Row] = {
    "POST /v1/rewards": Row(
        201, needs=WRITES, body={**NAMED, "reward_type": "a"}, makes=True
    ),
    "GET /v1/rewards": Row(),
    "GET /v1/rewards/<item_id>": Row(),
    "PUT /v1/rewards/<item_id>": Row(needs=WRITES, body={**NAMED, "reward_type": "a"}),
    "PATCH /v1/rewards/<item_id>": Row(needs=WRITES, body=NAMED),
    "DELETE /v1/rewards/<item_id>": Row(204, needs=WRITES),
    "POST /v1/coupons": Row(201, needs=WRITES, missing=400, body=OF_REWARD),
    "GET /v1/coupons": Row(),
    f"GET {DEFINITION}": Row(),
    f"PUT {DEFINITION}": Row(
        needs=WRITES, body={**OF_REWARD, "name": "Put on {definition_id}"}
    ),
    f"PATCH {DEFINITION}": Row(needs=WRITES, body={"description": "Changed"}),
    f"POST {DEFINITION}/pause": Row(needs=WRITES),
    f"POST {DEFINITION}/activate": Row(needs=WRITES),
    f"POST {DEFINITION}/archive": Row(needs=WRITES),
    f"DELETE {DEFINITION}": Row(204, needs=WRITES),
    f"GET {DEFINITION}/stats": Row(),
    f"GET {DEFINITION}/capacity": Row(),
    f"POST {DEFINITION}/generate": Row(201, needs=COUPONS, body={"count": 1}),
    f"GET {DEFINITION}/coupons": Row(),
    f"GET {DEFINITION}/coupons/<coupon_id>": Row(),
    f"POST {DEFINITION}/coupons/<coupon_id>/revoke": Row(needs=COUPONS),
    f"POST {DEFINITION}/coupons/revoke": Row(needs=COUPONS, body={"code": "{code}"}),
    "GET /v1/coupons/codes/<code>": Row(),
    f"POST {DEFINITION}/import": Row(201, needs=COUPONS, body=CSV_FILE),
    "GET /v1/codes": Row(),
    "GET /v1/codes/<coupon_id>": Row(),
    "GET /v1/codes/export": Row(),
    "POST /v1/codes/assign": Row(
        needs=COUPONS, body={"code": "{loose_code}", "user_id": "carl"}
    ),
    "GET /v1/codes/jobs": Row(),
    "GET /v1/codes/jobs/<job_id>": Row(),
    "POST /v1/codes/revoke": Row(needs=COUPONS, body={"batch_id": "{batch_id}"}),
    "POST /v1/codes/extend": Row(
        needs=COUPONS, body={"batch_id": "{batch_id}", "expires_at": LATER}
    ),
    "POST /v1/client-keys": Row(201, needs=Scope.KEYS, body=CLIENT_KEY, makes=True),
    "GET /v1/client-keys": Row(),
    "GET /v1/client-keys/<client_key_id>": Row(),
    "POST /v1/client-keys/<client_key_id>/revoke": Row(needs=Scope.KEYS),
    "DELETE /v1/client-keys/<client_key_id>": Row(204, needs=Scope.KEYS),
    "POST /v1/points/credit": Row(201, needs=COUPONS, body=POINTS),
    "POST /v1/points/debit": Row(201, needs=COUPONS, body=POINTS),
    "GET /v1/points/wallets": Row(),
    "GET /v1/points/entries": Row(),
    "POST /v1/users": Row(
        201, needs=COUPONS, body={"user_id": "known-{fresh_name}"}, makes=True
    ),
    "GET /v1/users": Row(),
    "GET /v1/users/<known_user>": Row(),
    "PATCH /v1/users/<known_user>": Row(needs=COUPONS, body={"is_member": True}),
    "GET /v1/batches": Row(),
    "GET /v1/batches/<batch_id>": Row(),
    "POST /v1/batches/<batch_id>/cancel": Row(needs=COUPONS),
    "GET /v1/audit": Row(),
    "POST /v1/campaigns": Row(201, needs=WRITES, body=CAMPAIGN, makes=True),
    "GET /v1/campaigns": Row(),
    f"GET {OF_CAMPAIGN}": Row(),
    f"PATCH {OF_CAMPAIGN}": Row(needs=WRITES, body={"names": {"en": "Changed"}}),
    f"GET {OF_CAMPAIGN}/stats": Row(),
    f"GET {OF_CAMPAIGN}/creators": Row(),
    f"PUT {OF_CAMPAIGN}/creators/<creator_key>": Row(needs=WRITES),
    f"DELETE {OF_CAMPAIGN}/creators/<creator_key>": Row(204, needs=WRITES),
    f"POST {OF_CAMPAIGN}/packages": Row(201, needs=WRITES, body=PACKAGE),
    "POST /v1/creators": Row(201, needs=COUPONS, body=CREATOR, makes=True),
    "GET /v1/creators": Row(),
    f"GET {OF_CREATOR}": Row(),
    f"PATCH {OF_CREATOR}": Row(needs=COUPONS, body={"status": "INACTIVE"}),
    f"GET {OF_CREATOR}/stats": Row(),
    f"GET {OF_CREATOR}/codes": Row(),
    f"POST {OF_CREATOR}/codes": Row(
        201, needs=COUPONS, body={"package_id": "{#package_id}", "count": 1}
    ),
    f"POST {OF_CREATOR}/codes/revoke": Row(
        needs=COUPONS, body={"codes": ["{creator_code}"]}
    ),
    "GET /v1/packages": Row(),
    "GET /v1/packages/<package_id>": Row(),
    "PATCH /v1/packages/<package_id>": Row(needs=WRITES, body={"max_total_usage": 9}),
    "POST /v1/webhooks": Row(201, needs=Scope.EVENTS, body=WEBHOOK, makes=True),
    "GET /v1/webhooks": Row(),
    "GET /v1/webhooks/<webhook_id>": Row(),
    "PATCH /v1/webhooks/<webhook_id>": Row(
        needs=Scope.EVENTS, body={"is_active": False}
    ),
    "DELETE /v1/webhooks/<webhook_id>": Row(204, needs=Scope.EVENTS),
    "POST /v1/webhooks/<webhook_id>/rotate": Row(needs=Scope.EVENTS),
    "GET /v1/webhooks/<webhook_id>/logs": Row(),
    "POST /v1/webhooks/<webhook_id>/test": Row(needs=Scope.EVENTS),
    "POST /v1/api-keys": Row(201, needs=Scope.KEYS, body=NAMED, makes=True),
    "GET /v1/api-keys": Row(),
    "GET /v1/api-keys/<key_id>": Row(),
    "POST /v1/api-keys/<key_id>/revoke": Row(needs=Scope.KEYS),
    "DELETE /v1/api-keys/<key_id>": Row(204, needs=Scope.KEYS),
    "GET /v1/secrets": Row(),
    "POST /v1/secrets/rotate": Row(201, needs=Scope.KEYS, makes=True),
    "DELETE /v1/secrets/<secret_id>": Row(204, needs=Scope.KEYS),
    "POST /v1/events": Row(202, needs=Scope.EVENTS, body=EVENT, makes=True),
    "POST /v1/events/bulk": Row(
        202, needs=Scope.EVENTS, body={"events": [EVENT]}, makes=True
    ),
    "GET /v1/dead-letters": Row(),
    "GET /v1/dead-letters/<letter_id>": Row(),
    "POST /v1/dead-letters/<letter_id>/retry": Row(202, needs=Scope.EVENTS),
    "DELETE /v1/dead-letters/<letter_id>": Row(204, needs=Scope.EVENTS),
}


def told(route: Route, credential: str) -> Told:
    """What the table says of a credential at a route of the admin gateway."""
    if credential in ("other tenant's key", "other tenant's admin token"):
        return Told.FORBIDDEN if route.names_tenant else Told.STRANGER
    if credential.startswith("key: "):
        fits = credential == f"key: {route.row.needs}"
        return Told.SERVED if fits else Told.FORBIDDEN
    good = credential in ("key", "key as bearer", "admin token")
    return Told.SERVED if good else Told.UNKNOWN
