"""Test that gateways and workers log JSON lines without secrets, even when verbose."""

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
STREAK_ROUTING_KEY = "streak.milestone"


class Visitor:
    """A client that sends valid and invalid requests, and knows what data is secret."""

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment
        self.tenant: TenantFactory = create_tenant(now=None)
        _, self.api_key = tenants.create_key(
            None,
            self.tenant.tenant_id,
            name="all",
            scopes=tenants.ALL_SCOPES,
            expires_at=None,
            now=utc_now(),
        )
        self.own_code = self.tenant.create_code(USER)
        self.claimable = self.tenant.define_custom(SHARED, claimable=True)
        self.token = self.tenant.mint_token(USER)
        database.release_connection()
        self.hidden = {
            DATABASE_PASSWORD,
            MASTER_KEY,
            self.api_key,
            self.token,
            self.tenant.secret,
        }
        self.hidden |= {USER, SHARED, GUESSED, BODY, self.own_code}

    def send(
        self, method: str, url: str, *, hide: str = "", **options: Any
    ) -> requests.Response:
        """Send a request with the token, or with the API key to the admin gateway."""
        credentials = {"Authorization": f"Bearer {self.token}"}
        if url.startswith(self.deployment.admin_url):
            credentials = {"X-API-Key": self.api_key}
        options.setdefault("headers", credentials)
        response = requests.request(method, url, timeout=60, **options)
        if hide:
            self.hidden.add(response.json()[hide])
        return response

    def send_raw(self, base_url: str, request: bytes) -> None:
        """Send bytes that no HTTP client library would send."""
        address = urlsplit(base_url)
        with socket.create_connection(
            (address.hostname, address.port), timeout=10
        ) as connection:
            connection.sendall(request)
            connection.recv(4096)


def call_as_player(visitor: Visitor) -> None:
    """Send the requests of players, and of a client that guesses codes."""
    root = f"{visitor.deployment.query_url}/v1/coupons"
    body = {"user_id": USER}
    for code in (
        visitor.own_code,
        visitor.own_code,
        SHARED,
        GUESSED,
        "%47UESSED-CODE-4711",
    ):
        visitor.send("GET", f"{root}/validate/{code}?user_id={USER}")
        visitor.send("POST", f"{root}/redeem/{code}", json=body)
    visitor.send("GET", f"{root}/user/{USER}")
    visitor.send("GET", f"{root}/user/{USER}/redemptions?limit={BODY}")
    visitor.send("POST", f"{root}/redeem/{GUESSED}", data='{"user_id": "' + BODY)
    visitor.send("POST", f"{root}/redeem/{GUESSED}", json={"user_id": [BODY]})
    visitor.send("GET", f"{root}/nowhere/{GUESSED}/{BODY}")
    visitor.send("POST", f"{root}/validate/{GUESSED}")


def call_as_forger(visitor: Visitor) -> None:
    """Send requests with invalid credentials."""
    tenant, path = visitor.tenant, f"/v1/coupons/{visitor.tenant.tenant_id}"
    url = f"{visitor.deployment.query_url}{path}/redeem/{GUESSED}"
    headers = tenant.sign_request("POST", f"{path}/redeem/{GUESSED}", b"{}")
    visitor.hidden.add(headers["X-Signature"].partition("=")[2])
    visitor.send("POST", url, headers=headers, data="{}")
    forged_token = tenant.mint_token(USER, secret="x" * 40)
    visitor.hidden.add(forged_token)
    visitor.send("POST", url, headers={"Authorization": f"Bearer {forged_token}"})
    visitor.send(
        "POST", url, headers={"Authorization": f"Bearer {forged_token}\t{BODY}"}
    )
    admin_url = f"{visitor.deployment.admin_url}/v1/definitions"
    visitor.send("GET", admin_url, headers={"X-API-Key": visitor.api_key[:-1] + "?"})


def call_as_admin(visitor: Visitor) -> None:
    """Send the requests of administrators."""
    root = f"{visitor.deployment.admin_url}/v1/tenants/{visitor.tenant.tenant_id}"
    definition_url = f"{root}/coupons/{visitor.claimable.definition_id}"
    visitor.send("POST", f"{root}/api-keys", json={"name": BODY}, hide="api_key")
    visitor.send("POST", f"{root}/secrets/rotate", hide="tenant_secret")
    visitor.send("POST", f"{definition_url}/generate", json={"user_ids": [USER]})
    visitor.send(
        "POST", f"{definition_url}/revoke", json={"code": SHARED, "user_id": USER}
    )
    visitor.send("GET", f"{root}/coupons/codes/{SHARED}")
    visitor.send("PATCH", definition_url, json={"config": {"custom_code": BODY * 30}})
    visitor.send("POST", f"{root}/coupons", json={"name": BODY, BODY: BODY})
    visitor.send("POST", f"{root}/events", json={**CLOUD_EVENT, "subject": USER})


def send_malformed_requests(visitor: Visitor) -> None:
    """Send bytes that are not valid HTTP."""
    code = GUESSED.encode()
    for base_url in (visitor.deployment.query_url, visitor.deployment.admin_url):
        visitor.send_raw(base_url, b"GET /v1/coupons/redeem/%s HTTP/9.9\r\n\r\n" % code)
        visitor.send_raw(base_url, b"%s\r\n\r\n" % code)
        visitor.send_raw(base_url, b"GET / HTTP/1.1\r\n%s\r\n\r\n" % code)
        visitor.send_raw(base_url, b"GET /%s HTTP/1.1\r\n\r\n" % (code * 400))
        visitor.send_raw(
            base_url, b"POST /v1/x HTTP/1.1\r\nX-API-Key: %s\x01\r\n\r\n" % code
        )


def publish_messages(visitor: Visitor) -> None:
    """Publish valid and invalid messages to the broker."""
    event = {**CLOUD_EVENT, "subject": USER, "tenantid": visitor.tenant.tenant_id}
    invalid_event = {
        **event,
        "id": BODY,
        "data": {"streak_id": BODY, "threshold": BODY},
    }
    bodies = [json.dumps(item).encode() for item in (event, invalid_event)]
    with open_publisher(visitor.deployment.settings.broker_url) as publisher:
        for body in (*bodies, BODY.encode(), b"{" + BODY.encode()):
            publisher.publish(
                [OutgoingMessage(EVENTS_EXCHANGE, STREAK_ROUTING_KEY, body=body)]
            )


def break_database(visitor: Visitor) -> None:
    """Provoke database errors whose messages quote values."""
    tenant, root = visitor.tenant, f"{visitor.deployment.query_url}/v1/coupons/redeem"
    tenant.define_custom(UNCLAIMED, claimable=True)
    own_code = tenant.create_code(USER)
    database.release_connection()
    visitor.hidden |= {UNCLAIMED, own_code}
    with psycopg.connect(visitor.deployment.settings.database_url) as admin:
        admin.execute(
            "ALTER TABLE coupon "
            f"ADD CONSTRAINT refused CHECK (user_id <> '{USER}') NOT VALID"
        )
    for code in (UNCLAIMED, own_code):
        response = visitor.send("POST", f"{root}/{code}", json={"user_id": USER})
        assert response.status_code == 503
    with psycopg.connect(visitor.deployment.settings.database_url) as admin:
        admin.execute("ALTER TABLE coupon RENAME COLUMN user_id TO away")
    response = visitor.send("POST", f"{root}/{own_code}", json={"user_id": USER})
    assert response.status_code == 503
    with psycopg.connect(visitor.deployment.settings.database_url) as admin:
        admin.execute("ALTER TABLE coupon RENAME COLUMN away TO user_id")
        admin.execute("ALTER TABLE coupon DROP CONSTRAINT refused")
        admin.execute("ALTER TABLE coupon ADD CHECK (user_id::int > 0) NOT VALID")
    response = visitor.send("POST", f"{root}/{own_code}", json={"user_id": USER})
    assert response.status_code == 500


ACTIONS: tuple[Callable[[Visitor], None], ...] = (
    call_as_player,
    call_as_forger,
    call_as_admin,
    send_malformed_requests,
    publish_messages,
    break_database,  # the last one: it leaves the database broken
)


def test_no_log_holds_a_secret_a_token_a_whole_code_or_a_body(
    deployment: Deployment,
) -> None:
    visitor = Visitor(deployment)
    for act in ACTIONS:
        act(visitor)
    wait_until(
        lambda: deployment.read_logs().count('"dead letter"') >= 3, 60, "dead letters"
    )
    output = deployment.read_logs()
    lines = [json.loads(line) for line in output.splitlines()]
    assert not {text for text in visitor.hidden if text.lower() in output.lower()}
    requests_logged = [line for line in lines if line["event"] == "request"]
    assert any(line["route"].endswith("/redeem/<code>") for line in requests_logged)
    assert {"unavailable", "request failed"} <= {line["event"] for line in lines}
    assert len({line["status"] for line in requests_logged}) > 5
