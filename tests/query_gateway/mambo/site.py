"""A Mambo site with an authenticated SDK client, and helpers for its responses."""

from __future__ import annotations

import base64
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from coupon_core.domain.models import utc_now
from coupon_core.domain.models.client_keys import ClientKeyKind
from coupon_core.domain.models.points import PointChange
from coupon_core.services.access import client_keys
from coupon_core.services.coupons import generation
from coupon_core.services.points import wallets
from tests.factories.tenant import TenantFactory
from tests.query_gateway.caller import VALIDATOR_EXTENSION

JOHN = "john@doe.com"
_numbers = itertools.count(1)


@dataclass
class SiteClient:
    """A client with a token; paths relative to the site begin without a slash."""

    client: FlaskClient
    tenant: TenantFactory
    token: str = field(repr=False)

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def call(self, method: str, path: str, json: Any = None) -> TestResponse:
        site_path = f"/api/v1/{self.tenant.tenant_id}/{path}"
        return self.open(method, path if path[0] == "/" else site_path, json)

    def open(self, method: str, path: str, json: Any = None) -> TestResponse:
        options = {} if json is None else {"json": json}
        answer = self.client.open(path, method=method, headers=self.headers, **options)
        validator = self.client.application.extensions[VALIDATOR_EXTENSION]
        validator.check(answer, method, path.partition("?")[0])
        return answer

    def get(self, path: str) -> Any:
        answer = self.call("GET", path)
        assert answer.status_code == 200, answer.json
        return answer.json

    def post(self, path: str, json: Any) -> TestResponse:
        return self.call("POST", path, json)

    def create_user(self, uuid: str = JOHN, **members: Any) -> dict[str, Any]:
        return expect_created(self.post("users", {"uuid": uuid, **members}))

    def create_coupon(self, **members: Any) -> dict[str, Any]:
        """Create a coupon; by default it has no price and allows a single use."""
        number = next(_numbers)
        code = {} if "codes" in members else {"code": f"CODE{number}"}
        body = {"name": f"Coupon {number}", **code, "type": "shipping", **members}
        return expect_created(self.post("coupons", body))

    def credit_points(self, amount: int, uuid: str = JOHN) -> None:
        change = PointChange(self.tenant.tenant_id, uuid, "gold", amount)
        wallets.credit(change, utc_now())

    def award_coupon(
        self, coupon: dict[str, Any], uuid: str = JOHN, until: datetime | None = None
    ) -> str:
        """Award a coupon without points and return its code."""
        generated = generation.generate(
            self.tenant.tenant_id,
            coupon["id"],
            user_ids=[uuid],
            now=utc_now(),
            expires_at=until,
        )
        (issued,) = generated.coupons
        return issued.coupon.code

    def perform_activity(
        self, action: str, code: str, uuid: str = JOHN
    ) -> TestResponse:
        return self.post("activities/sync", build_activity(action, code, uuid))

    def get_balance(self, uuid: str = JOHN) -> int:
        found = self.get(f"users/{quote(uuid)}")["points"]
        return next((wallet["balance"] for wallet in found), 0)

    def list_held_coupons(self, uuid: str = JOHN) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.get(f"users/{quote(uuid)}/coupons")
        return found


def build_activity(action: str, code: str, uuid: str = JOHN) -> dict[str, Any]:
    attrs = {"type": "coupon", "action": action, "code": code}
    return {"uuid": uuid, "attrs": attrs}


def build_basic_auth(key_id: str, secret: str) -> dict[str, str]:
    credentials = base64.b64encode(f"{key_id}:{secret}".encode()).decode()
    return {"Authorization": f"Basic {credentials}"}


def create_client_key(
    tenant: TenantFactory, kind: ClientKeyKind = ClientKeyKind.MAMBO
) -> tuple[str, str]:
    key, secret = client_keys.create(tenant.tenant_id, kind, "sdk", None, utc_now())
    return key.key_id, secret


def create_site_client(app: Flask, tenant: TenantFactory) -> SiteClient:
    """Create a client that has just received its token."""
    client = app.test_client()
    path = "/oauth/token?grant_type=client_credentials"
    answer = client.post(path, headers=build_basic_auth(*create_client_key(tenant)))
    assert answer.status_code == 200, answer.json
    return SiteClient(client, tenant, answer.json["access_token"])


def expect_created(answer: TestResponse) -> dict[str, Any]:
    """Return the body of a response that must have the status 201."""
    assert answer.status_code == 201, answer.json
    return answer.json


def expect_refusal(answer: TestResponse, status: int, exception: str) -> str:
    """Assert that the response is this exception and return its message."""
    assert answer.status_code == status, answer.json
    assert set(answer.json) == {"error"}
    error = answer.json["error"]
    assert error["type"] == exception, error
    return error["message"]


def list_states(held: Sequence[dict[str, Any]]) -> list[str]:
    return sorted(coupon["state"] for coupon in held)
