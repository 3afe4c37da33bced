"""THE table: who is let in where, and what a route answers to them.

A row a route; one that is served but has no row fails the test of the matrix.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from flask import Flask

from coupon_core.model import Scope

from .world import OWN, Args

_numbers = itertools.count(1)
NO_IDS = frozenset({"tenant_id", "fresh_name"})
_PLACE = re.compile(r"<(?:\w+:)?(\w+)>")
_FILLED = re.compile(r"\{(\w+)\}")


class Told(StrEnum):
    """What becomes of a credential at a route."""

    SERVED = "served"
    A_USER = "served as one user"
    STRANGER = "served as another tenant"
    FORBIDDEN = "403"
    UNKNOWN = "401"


@dataclass(frozen=True)
class Row:
    """A route: what it needs and takes, and how it answers.

    `done` is the status for one's own, `missing` that for what is not there; `query`
    and `body` are filled like the path, `{code}` and all. `makes` marks what a
    stranger may do in his own tenant.
    """

    done: int = 200
    missing: int = 404
    needs: Scope = Scope.READ
    query: str = ""
    body: Any = None
    makes: bool = False


@dataclass(frozen=True)
class Route:
    """A row at the place where a gateway serves it."""

    gateway: str
    method: str
    rule: str
    row: Row

    def __str__(self) -> str:
        return f"{self.gateway} {self.method} {self.rule}"

    @property
    def names(self) -> tuple[str, ...]:
        """What has to be filled in, in the order in which it stands."""
        places = _PLACE.findall(self.rule)
        found = [*places, *_FILLED.findall(self.row.query + json.dumps(self.row.body))]
        return tuple(dict.fromkeys(name for name in found if name not in NO_IDS))

    @property
    def names_tenant(self) -> bool:
        return "tenant_id" in _PLACE.findall(self.rule)

    def path(self, args: Args) -> str:
        whole = {"tenant_id": OWN, **args}
        path = _PLACE.sub(lambda place: whole[place[1]], self.rule)
        return path + filled(self.row.query, args)

    def sent(self, args: Args) -> bytes:
        body = self.row.body
        text = body if isinstance(body, str) else json.dumps(body)
        return b"" if body is None else filled(text, args).encode()

    @property
    def content_type(self) -> str:
        return "text/csv" if isinstance(self.row.body, str) else "application/json"


def filled(text: str, args: Args) -> str:
    """The text with its ids; `{fresh_name}` is another one each time."""
    return _FILLED.sub(lambda place: _filling(place[1], args), text)


def _filling(name: str, args: Args) -> str:
    return f"n{next(_numbers)}" if name == "fresh_name" else args[name]


NAMED = {"name": "Named"}
OF_REWARD = {"name": "Offer of {item_id}", "config": {"reward_item_id": "{item_id}"}}
EVENT = {
    **{"specversion": "1.0", "type": "streak.milestone_reached", "source": "/games"},
    **{"id": "e1", "subject": "ann", "data": {"streak_id": "daily", "threshold": 7}},
}
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
PHOENIX: Mapping[str, Row] = {
    "GET /v1/coupons/definitions": Row(),
    "GET /v1/coupons/user/<user_id>": Row(),
    "GET /v1/coupons/user/<user_id>/redemptions": Row(),
    "GET /v1/coupons/user/<user_id>/<coupon_id>": Row(),
    "GET /v1/coupons/validate/<code>": Row(missing=200, query="?user_id={user_id}"),
    "POST /v1/coupons/redeem/<code>": Row(body={"user_id": "{user_id}"}),
}
# Open to everybody, for they tell nothing of anybody.
PUBLIC = frozenset(
    [
        *("/", "/health", "/ready", "/docs", "/docs/start.js", "/docs/<name>"),
        *("/openapi.json", "/asyncapi.json", "/schemas", "/schemas/<name>.json"),
    ]
)
TABLES: Mapping[str, Mapping[str, Row]] = {"admin": ADMIN, "query": PHOENIX}


def plain(rule: str) -> str:
    """A rule as the table has it, in whichever of its spellings it is served."""
    rule = rule.replace("/tenants/<tenant_id>", "")
    return rule.replace("/<tenant:tenant_id>", "").replace("reward-items", "rewards")


def served(app: Flask) -> list[tuple[str, str]]:
    """Method and rule of all that a gateway serves to those it knows."""
    return [
        (method, rule.rule.replace("/users/<user_id>", "/users/<known_user>"))
        for rule in app.url_map.iter_rules()
        for method in sorted((rule.methods or set()) - {"OPTIONS", "HEAD"})
        if rule.rule not in PUBLIC
    ]


def routes_of(gateway: str, app: Flask) -> list[Route]:
    """Every route with its row; KeyError names the one that has none."""
    return [
        Route(gateway, method, rule, TABLES[gateway][f"{method} {plain(rule)}"])
        for method, rule in served(app)
    ]


def told(route: Route, credential: str) -> Told:
    """What the table says of a credential at a route."""
    return LOCKS[route.gateway](route, credential)


def _at_admin(route: Route, credential: str) -> Told:
    if credential in ("other tenant's key", "other tenant's admin token"):
        return Told.FORBIDDEN if route.names_tenant else Told.STRANGER
    if credential.startswith("key: "):
        fits = credential == f"key: {route.row.needs}"
        return Told.SERVED if fits else Told.FORBIDDEN
    good = credential in ("key", "key as bearer", "admin token")
    return Told.SERVED if good else Told.UNKNOWN


AT_PHOENIX: Mapping[str, Told] = {
    "user token": Told.A_USER,
    "server token": Told.SERVED,
    "other tenant's user token": Told.STRANGER,
    "other tenant's server token": Told.STRANGER,
    "signature": Told.SERVED,
    "other tenant's signature": Told.FORBIDDEN,
}


def _at_phoenix(route: Route, credential: str) -> Told:
    found = AT_PHOENIX.get(credential, Told.UNKNOWN)
    if route.names_tenant:
        return Told.FORBIDDEN if found == Told.STRANGER else found
    return Told.UNKNOWN if credential.endswith("signature") else found


LOCKS = {"admin": _at_admin, "query": _at_phoenix}
