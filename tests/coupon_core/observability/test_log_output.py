"""All that real gateways and workers log, at their loudest: lines, and no secrets."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
import requests

from coupon_core.domain.models import utc_now
from coupon_core.messaging.cloud_events import OutgoingMessage
from coupon_core.messaging.publisher import open_publisher
from coupon_core.messaging.topology import EVENTS_EXCHANGE
from coupon_core.persistence import database
from coupon_core.services.access import tenants
from tests.coupon_core.observability.conftest import DATABASE_PASSWORD
from tests.factories.events import CLOUD_EVENT
from tests.factories.tenant import TenantFactory, create_tenant
from tests.support.deployment import Deployment
from tests.support.servers.process import wait_until
from tests.support.settings import MASTER_KEY

pytestmark = [
    pytest.mark.slow,
    pytest.mark.parametrize("migrated_template", ["postgresql"], indirect=True),
]
USER = "someone-to-be-private"
SHARED = "SUMMERPARTY2031"
UNCLAIMED = "WINTERPARTY2031"
GUESSED = "GUESSED-CODE-4711"
BODY = "what-only-a-body-says"
STREAK = "streak.milestone"


class Visitor:
    """Someone who calls in every way, good and bad, and knows what must stay hidden."""

    def __init__(self, house: Deployment) -> None:
        self.house = house
        self.tenant: TenantFactory = create_tenant(now=None)
        everything = None, self.tenant.tenant_id, "all", tenants.ALL_SCOPES, None
        _, self.key = tenants.create_key(*everything, utc_now())
        self.own = self.tenant.create_code(USER)
        self.claimable = self.tenant.define_custom(SHARED, claimable=True)
        self.token = self.tenant.mint_token(USER)
        database.release_connection()
        self.hidden = {
            DATABASE_PASSWORD,
            MASTER_KEY,
            self.key,
            self.token,
            self.tenant.secret,
        }
        self.hidden |= {USER, SHARED, GUESSED, BODY, self.own}

    def ask(
        self, method: str, url: str, *, hide: str = "", **options: Any
    ) -> requests.Response:
        """Call with a token at the query gateway, else with the key."""
        mine = {"Authorization": f"Bearer {self.token}"}
        if url.startswith(self.house.admin_url):
            mine = {"X-API-Key": self.key}
        options.setdefault("headers", mine)
        answer = requests.request(method, url, timeout=10, **options)
        if hide:
            self.hidden.add(answer.json()[hide])
        return answer

    def raw(self, base: str, request: bytes) -> None:
        """Send bytes that no client library would send."""
        place = urlsplit(base)
        with socket.create_connection((place.hostname, place.port), 10) as connection:
            connection.sendall(request)
            connection.recv(4096)


def players(visitor: Visitor) -> None:
    """What players do, and those who guess."""
    root = f"{visitor.house.query_url}/v1/coupons"
    body = {"user_id": USER}
    for code in (visitor.own, visitor.own, SHARED, GUESSED, "%47UESSED-CODE-4711"):
        visitor.ask("GET", f"{root}/validate/{code}?user_id={USER}")
        visitor.ask("POST", f"{root}/redeem/{code}", json=body)
    visitor.ask("GET", f"{root}/user/{USER}")
    visitor.ask("GET", f"{root}/user/{USER}/redemptions?limit={BODY}")
    visitor.ask("POST", f"{root}/redeem/{GUESSED}", data='{"user_id": "' + BODY)
    visitor.ask("POST", f"{root}/redeem/{GUESSED}", json={"user_id": [BODY]})
    visitor.ask("GET", f"{root}/nowhere/{GUESSED}/{BODY}")
    visitor.ask("POST", f"{root}/validate/{GUESSED}")


def forgers(visitor: Visitor) -> None:
    """Those who have no right to call."""
    tenant, path = visitor.tenant, f"/v1/coupons/{visitor.tenant.tenant_id}"
    url = f"{visitor.house.query_url}{path}/redeem/{GUESSED}"
    signed = tenant.sign_request("POST", f"{path}/redeem/{GUESSED}", b"{}")
    visitor.hidden.add(signed["X-Signature"].partition("=")[2])
    visitor.ask("POST", url, headers=signed, data="{}")
    other = tenant.mint_token(USER, secret="x" * 40)
    visitor.hidden.add(other)
    visitor.ask("POST", url, headers={"Authorization": f"Bearer {other}"})
    visitor.ask("POST", url, headers={"Authorization": f"Bearer {other}\t{BODY}"})
    admin = f"{visitor.house.admin_url}/v1/definitions"
    visitor.ask("GET", admin, headers={"X-API-Key": visitor.key[:-1] + "?"})


def admins(visitor: Visitor) -> None:
    """What those do who run a programme."""
    root = f"{visitor.house.admin_url}/v1/tenants/{visitor.tenant.tenant_id}"
    of = f"{root}/coupons/{visitor.claimable.definition_id}"
    visitor.ask("POST", f"{root}/api-keys", json={"name": BODY}, hide="api_key")
    visitor.ask("POST", f"{root}/secrets/rotate", hide="tenant_secret")
    visitor.ask("POST", f"{of}/generate", json={"user_ids": [USER]})
    visitor.ask("POST", f"{of}/revoke", json={"code": SHARED, "user_id": USER})
    visitor.ask("GET", f"{root}/coupons/codes/{SHARED}")
    visitor.ask("PATCH", of, json={"config": {"custom_code": BODY * 30}})
    visitor.ask("POST", f"{root}/coupons", json={"name": BODY, BODY: BODY})
    visitor.ask("POST", f"{root}/events", json={**CLOUD_EVENT, "subject": USER})


def mischief_makers(visitor: Visitor) -> None:
    """Those who send what is no HTTP."""
    code = GUESSED.encode()
    for base in (visitor.house.query_url, visitor.house.admin_url):
        visitor.raw(base, b"GET /v1/coupons/redeem/%s HTTP/9.9\r\n\r\n" % code)
        visitor.raw(base, b"%s\r\n\r\n" % code)
        visitor.raw(base, b"GET / HTTP/1.1\r\n%s\r\n\r\n" % code)
        visitor.raw(base, b"GET /%s HTTP/1.1\r\n\r\n" % (code * 400))
        visitor.raw(base, b"POST /v1/x HTTP/1.1\r\nX-API-Key: %s\x01\r\n\r\n" % code)


def services(visitor: Visitor) -> None:
    """What comes over the bus."""
    told = {**CLOUD_EVENT, "subject": USER, "tenantid": visitor.tenant.tenant_id}
    bad = {**told, "id": BODY, "data": {"streak_id": BODY, "threshold": BODY}}
    bodies = [json.dumps(one).encode() for one in (told, bad)]
    with open_publisher(visitor.house.settings.broker_url) as publisher:
        for body in (*bodies, BODY.encode(), b"{" + BODY.encode()):
            publisher.publish([OutgoingMessage(EVENTS_EXCHANGE, STREAK, body)])


def breakers(visitor: Visitor) -> None:
    """A database that says in its errors what it was given."""
    tenant, root = visitor.tenant, f"{visitor.house.query_url}/v1/coupons/redeem"
    tenant.define_custom(UNCLAIMED, claimable=True)
    own = tenant.create_code(USER)
    database.release_connection()
    visitor.hidden |= {UNCLAIMED, own}
    with psycopg.connect(visitor.house.settings.database_url) as admin:
        admin.execute(f"ALTER TABLE coupon ADD CHECK (user_id <> '{USER}') NOT VALID")
    for code in (UNCLAIMED, own):
        answer = visitor.ask("POST", f"{root}/{code}", json={"user_id": USER})
        assert answer.status_code == 503
    with psycopg.connect(visitor.house.settings.database_url) as admin:
        admin.execute("ALTER TABLE coupon RENAME COLUMN user_id TO away")
    answer = visitor.ask("POST", f"{root}/{own}", json={"user_id": USER})
    assert answer.status_code == 500


VISITS: tuple[Callable[[Visitor], None], ...] = (
    players,
    forgers,
    admins,
    mischief_makers,
    services,
    breakers,  # the last: it leaves the database as it is
)


def test_no_log_holds_a_secret_a_token_a_whole_code_or_a_body(
    deployment: Deployment,
) -> None:
    visitor = Visitor(deployment)
    for visit in VISITS:
        visit(visitor)
    wait_until(
        lambda: deployment.read_logs().count('"dead letter"') >= 3, 20, "dead letters"
    )
    said = deployment.read_logs()
    lines = [json.loads(line) for line in said.splitlines()]
    assert {one for one in visitor.hidden if one.lower() in said.lower()} == set()
    told = [line for line in lines if line["event"] == "request"]
    assert any(line["route"].endswith("/redeem/<code>") for line in told)
    assert {"unavailable", "request failed"} <= {line["event"] for line in lines}
    assert len({line["status"] for line in told}) > 5
