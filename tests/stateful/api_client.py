"""The calls of the state machine to both gateways, and the expected answers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from flask import Flask
from werkzeug.test import TestResponse

from tests.factories.tenant import TenantFactory
from tests.query_gateway.caller import USER_TOKEN, Caller, CallStyle
from tests.stateful import reference_data
from tests.stateful.reference_data import HeldCoupon

# The texts of validate and of redeem, and the status of redeem
# (docs/api-contracts.md 0.5).
EXPECTED_REFUSALS: Mapping[str, tuple[str, int, str]] = {
    reference_data.NOT_FOUND: ("Coupon code not found", 404, "Coupon not found"),
    reference_data.REVOKED: ("Coupon status: revoked", 400, "Coupon status: revoked"),
    reference_data.ALREADY_REDEEMED: (
        "Coupon has already been used",
        400,
        "Coupon has already been redeemed",
    ),
    reference_data.USED_UP: ("Coupon status: redeemed", 400, "Usage limit exceeded"),
    reference_data.RESERVED: ("Coupon is reserved", 400, "Coupon is reserved"),
    reference_data.ARCHIVED: (
        "Coupon is no longer available",
        400,
        "Coupon is no longer available",
    ),
    reference_data.EXPIRED: ("Coupon has expired", 400, "Coupon has expired"),
    reference_data.NOT_YET_ACTIVE: (
        "Coupon not yet active",
        400,
        "Coupon not yet active",
    ),
    reference_data.USER_LIMIT_REACHED: (
        "Usage limit exceeded",
        400,
        "Usage limit exceeded",
    ),
    reference_data.SUSPENDED: ("Coupon is suspended", 400, "Coupon is suspended"),
    reference_data.PERIOD_LIMIT_REACHED: (
        "Usage limit exceeded",
        400,
        "Usage limit exceeded",
    ),
    reference_data.POOL_EXHAUSTED: (
        "Usage limit exceeded",
        400,
        "Usage limit exceeded",
    ),
}
STATUS_BY_CODE = {
    "CUSTOM_NEEDS_USERS": 400,
    "DATES_REVERSED": 400,
    "EXPIRY_IS_PAST": 400,
    "COUPON_NOT_FOUND": 404,
    "COUPON_REVOKED": 400,
    "COUPON_SUSPENDED": 400,
    "COUPON_UNAVAILABLE": 400,
}
CONFLICT = 409


@dataclass
class ApiClient:
    """Both gateways, called for one tenant."""

    admin_app: Flask
    query_app: Flask
    tenant: TenantFactory
    api_key: str

    def call_admin(self, method: str, path: str, body: Any = None) -> TestResponse:
        """Call the admin gateway below the tenant's coupons."""
        return self.call_tenant(method, f"coupons{path}", body)

    def call_tenant(self, method: str, path: str, body: Any = None) -> TestResponse:
        """Call the admin gateway below the tenant."""
        return self.admin_app.test_client().open(
            f"/v1/tenants/{self.tenant.tenant_id}/{path}",
            method=method,
            headers={"X-API-Key": self.api_key},
            json=body,
        )

    def get_caller(self, user: str, call_style: CallStyle) -> Caller:
        """Return a caller of the query gateway."""
        return Caller(self.query_app.test_client(), self.tenant, call_style, user)

    def validate(self, code: str, user: str, call_style: CallStyle) -> dict[str, Any]:
        """Validate for a user, or for nobody with "" and a tenant-wide call style."""
        named = (
            f"?user_id={user}" if user and call_style.credential != USER_TOKEN else ""
        )
        answer = self.get_caller(user, call_style).get(
            f"/validate/{quote(code)}{named}"
        )
        assert answer.status_code == 200, answer.text
        return dict(answer.json)

    def redeem(self, code: str, user: str, call_style: CallStyle) -> TestResponse:
        """Redeem a code for a user."""
        body = json.dumps({"user_id": user}).encode()
        return self.get_caller(user, call_style).call(
            "POST", f"/redeem/{quote(code)}", body
        )

    def reserve(
        self, code: str, user: str, call_style: CallStyle, ttl_seconds: int
    ) -> TestResponse:
        """Reserve a use of a code for a user."""
        body = json.dumps({"user_id": user, "ttl_seconds": ttl_seconds}).encode()
        return self.get_caller(user, call_style).call(
            "POST", f"/reserve/{quote(code)}", body
        )


def expect_refusal(answer: TestResponse, code: str) -> None:
    """Check the admin gateway's answer to what the model refuses."""
    status = STATUS_BY_CODE.get(code, CONFLICT)
    assert (answer.status_code, answer.json["code"]) == (status, code), answer.text


def to_expected_coupon(coupon: HeldCoupon, now: datetime) -> dict[str, Any]:
    """Return a coupon as the gateways must show it, without constant members."""
    return {
        "id": coupon.id,
        "definition_id": coupon.offer.id,
        "user_id": coupon.user or None,
        "code": coupon.code,
        "status": coupon.status(now),
        "generated_at": format_timestamp(coupon.generated_at),
        "expires_at": format_timestamp(coupon.expires),
        "redeemed_at": format_timestamp(coupon.last_used_at),
        "redemption_count": coupon.use_count,
    }


def to_comparable_coupon(coupon: Mapping[str, Any]) -> dict[str, Any]:
    """Return the same members of an answered coupon."""
    left_out = {"definition_name", "tenant_id", "coupon_type", "reward_item"}
    return {name: value for name, value in coupon.items() if name not in left_out}


def format_timestamp(moment: datetime | None) -> str | None:
    """Return a timestamp as the gateways print it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None
