"""How the model asks both gateways, and what it must hear."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from flask import Flask
from werkzeug.test import TestResponse

from tests.query_gateway.tenant import (
    USER_TOKEN,
    Caller,
    CallStyle,
    Tenant,
)
from tests.stateful import reference_model
from tests.stateful.reference_model import HeldCoupon

# The texts of validate and of redeem, and the status of redeem
# (docs/api-contracts.md 0.5).
EXPECTED_REFUSALS: Mapping[str, tuple[str, int, str]] = {
    reference_model.NOT_FOUND: ("Coupon code not found", 404, "Coupon not found"),
    reference_model.REVOKED: ("Coupon status: revoked", 400, "Coupon status: revoked"),
    reference_model.ALREADY_REDEEMED: (
        "Coupon has already been used",
        400,
        "Coupon has already been redeemed",
    ),
    reference_model.USED_UP: ("Coupon status: redeemed", 400, "Usage limit exceeded"),
    reference_model.ARCHIVED: (
        "Coupon is no longer available",
        400,
        "Coupon is no longer available",
    ),
    reference_model.EXPIRED: ("Coupon has expired", 400, "Coupon has expired"),
    reference_model.NOT_YET_ACTIVE: (
        "Coupon not yet active",
        400,
        "Coupon not yet active",
    ),
    reference_model.USER_LIMIT_REACHED: (
        "Usage limit exceeded",
        400,
        "Usage limit exceeded",
    ),
    reference_model.POOL_EXHAUSTED: (
        "Usage limit exceeded",
        400,
        "Usage limit exceeded",
    ),
}
STATUS_BY_CODE = {
    "CUSTOM_NEEDS_USERS": 400,
    "DATES_REVERSED": 400,
    "COUPON_NOT_FOUND": 404,
}
CONFLICT = 409


@dataclass
class ApiClient:
    """Both gateways, for one tenant."""

    admin_app: Flask
    query_app: Flask
    tenant: Tenant
    api_key: str

    def call_admin(self, method: str, path: str, body: Any = None) -> TestResponse:
        """Ask the admin gateway below the tenant's coupons."""
        return self.admin_app.test_client().open(
            f"/v1/tenants/{self.tenant.tenant_id}/coupons{path}",
            method=method,
            headers={"X-API-Key": self.api_key},
            json=body,
        )

    def get_caller(self, user: str, way: CallStyle) -> Caller:
        return Caller(self.query_app.test_client(), self.tenant, way, user)

    def validate(self, code: str, user: str, way: CallStyle) -> dict[str, Any]:
        """Validate for a user; for nobody with "" and a tenant-wide way."""
        named = f"?user_id={user}" if user and way.credential != USER_TOKEN else ""
        answer = self.get_caller(user, way).get(f"/validate/{quote(code)}{named}")
        assert answer.status_code == 200, answer.text
        return dict(answer.json)

    def redeem(self, code: str, user: str, way: CallStyle) -> TestResponse:
        body = json.dumps({"user_id": user}).encode()
        return self.get_caller(user, way).call("POST", f"/redeem/{quote(code)}", body)


def expect_refusal(answer: TestResponse, code: str) -> None:
    """The admin gateway's answer to what the model refuses."""
    status = STATUS_BY_CODE.get(code, CONFLICT)
    assert (answer.status_code, answer.json["code"]) == (status, code), answer.text


def to_expected_coupon(one: HeldCoupon, now: datetime) -> dict[str, Any]:
    """A coupon as it must be printed, but for what never changes."""
    return {
        "id": one.id,
        "definition_id": one.offer.id,
        "user_id": one.user or None,
        "code": one.code,
        "status": one.status(now),
        "generated_at": format_timestamp(one.generated_at),
        "expires_at": format_timestamp(one.expires),
        "redeemed_at": format_timestamp(one.last_used_at),
        "redemption_count": one.use_count,
    }


def to_comparable_coupon(coupon: Mapping[str, Any]) -> dict[str, Any]:
    """The same members of a coupon that was answered."""
    left_out = {"definition_name", "tenant_id", "coupon_type", "reward_item"}
    return {name: value for name, value in coupon.items() if name not in left_out}


def format_timestamp(moment: datetime | None) -> str | None:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None
