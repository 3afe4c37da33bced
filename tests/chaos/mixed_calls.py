"""Calls of all three APIs to a gateway, from a game server and a site."""

from __future__ import annotations

import http.client
import itertools
import json
import random
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import Any

from admin_gateway.cli.demo import points_offer
from coupon_core.domain.models import NO_LIMIT, utc_now
from coupon_core.domain.models.client_keys import ClientKeyKind
from coupon_core.domain.models.offers import PurchaseMode
from coupon_core.domain.models.points import PointChange
from coupon_core.security import authentication
from coupon_core.services.access import tokens
from coupon_core.services.points import offers, users, wallets
from tests.chaos.player_clients import CONNECTION_RESET, RESPONSE_TIMEOUT_SECONDS
from tests.factories.campaigns import CampaignFactory
from tests.factories.tenant import TenantFactory
from tests.support.servers.gunicorn import Gateway
from tests.support.servers.process import wait_until

OPEN_CODE, CREATOR_CODE = "OPEN2030", "CREATOR-ABC12-001"
PRICE = {"points": 1, "mode": PurchaseMode.TWO_STEP}
OFFER_DRAFT = replace(
    points_offer.OFFER_DRAFT, offer=points_offer.OFFER_DRAFT.offer | PRICE
)
Request = tuple[str, str, dict[str, Any] | None, str]
"""Method, path, body, and the credential of the header Authorization."""
Call = tuple[str, Request]
"""The action of a request, and the request."""


@dataclass(frozen=True)
class Credentials:
    """The credentials of a game server or site for each API."""

    phoenix: str
    playcamp: str
    mambo: str


def prepare_tenant(tenant: TenantFactory, user_count: int) -> Credentials:
    """Create codes of each API, members with points, and credentials."""
    tenant.define_claimable(OPEN_CODE, per_code_limit=NO_LIMIT, per_user_limit=20)
    CampaignFactory(tenant).create_redeemable_code(CREATOR_CODE)
    offers.create(tenant.tenant_id, OFFER_DRAFT, now=utc_now())
    for number in range(user_count):
        user_id = f"user-{number}"
        users.create(tenant.tenant_id, {"user_id": user_id}, now=utc_now())
        change = PointChange(tenant.tenant_id, user_id, "gold", 10)
        wallets.credit(change, utc_now())
    playcamp = tenant.create_client_key(ClientKeyKind.PLAYCAMP_SERVER)
    mambo = tenant.create_client_key(ClientKeyKind.MAMBO)
    return Credentials(
        tokens.mint(tenant.tenant_id, None, 3_600, utc_now()),
        ":".join(playcamp),
        authentication.issue_client_token(*mambo, now=utc_now()),
    )


def build_calls(
    tenant_id: str, credentials: Credentials, user_count: int
) -> Iterator[Call]:
    """Yield calls of all APIs with the name of their action, without an end."""
    rng = random.Random(17)
    phoenix, playcamp = "/v1/coupons", "/v1/server/coupons"
    for number in itertools.count():
        user_id = f"user-{rng.randrange(user_count)}"
        code = rng.choice([OPEN_CODE, OPEN_CODE, OPEN_CODE, f"UNKNOWN{number}"])
        activity = rng.choice(["buy", "redeem", "refund"])
        attrs = {"type": "coupon", "action": activity, "code": points_offer.OFFER_CODE}
        by_creator = {"couponCode": CREATOR_CODE, "userId": user_id}
        redeem = f"{phoenix}/redeem/{code}"
        yield rng.choice(
            [
                ("redeem", ("POST", redeem, {"user_id": user_id}, credentials.phoenix)),
                (
                    "validate",
                    ("GET", f"{phoenix}/validate/{code}", None, credentials.phoenix),
                ),
                (
                    "redeem",
                    ("POST", f"{playcamp}/redeem", by_creator, credentials.playcamp),
                ),
                (
                    activity,
                    (
                        *("POST", f"/api/v1/{tenant_id}/activities/sync"),
                        {"uuid": user_id, "attrs": attrs},
                        credentials.mambo,
                    ),
                ),
            ]
        )


@dataclass
class Router:
    """Sends requests to gateways in turn, as a load balancer does.

    `answers` are counted by gateway, method and status.
    """

    gateways: list[Gateway] = field(default_factory=list)
    answers: Counter[tuple[Gateway, str, int | str]] = field(default_factory=Counter)
    _busy: Counter[Gateway] = field(default_factory=Counter)
    _turns: Iterator[int] = field(default_factory=itertools.count)
    _lock: Lock = field(default_factory=Lock)

    def send(self, request: Request) -> int | str:
        """Send a request to the next gateway, and return the status."""
        with self._lock:
            gateway = self.gateways[next(self._turns) % len(self.gateways)]
            self._busy[gateway] += 1
        try:
            status = send(gateway, request)
        finally:
            with self._lock:
                self._busy[gateway] -= 1
        with self._lock:
            self.answers[gateway, request[0], status] += 1
        return status

    def withdraw(self, gateways: Iterable[Gateway]) -> None:
        """Send nothing to these any more, and wait until they have answered."""
        withdrawn = list(gateways)
        with self._lock:
            self.gateways = [one for one in self.gateways if one not in withdrawn]
        wait_until(
            lambda: not any(self._busy[gateway] for gateway in withdrawn),
            RESPONSE_TIMEOUT_SECONDS,
            "all answers",
        )


def send(gateway: Gateway, request: Request) -> int | str:
    """Send a request once on a new connection, and return its status."""
    method, path, document, credential = request
    body = None if document is None else json.dumps(document)
    headers = {"Authorization": f"Bearer {credential}"}
    headers["Content-Type"] = "application/json"
    connection = http.client.HTTPConnection(
        gateway.host, gateway.port, timeout=RESPONSE_TIMEOUT_SECONDS
    )
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        answer.read()
        return 200 if answer.status < 300 else answer.status
    except TimeoutError:
        raise
    except (OSError, http.client.HTTPException):
        time.sleep(0.02)
        return CONNECTION_RESET
    finally:
        connection.close()
