"""Test signed requests: what is signed, the signing window and tampering."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from coupon_core.domain.models import AuthReason, Principal
from coupon_core.security import authentication
from coupon_core.security.authentication import SignedRequest
from coupon_core.services.access import tenants
from tests.factories.tenant import NOW, TenantFactory, create_tenant
from tests.support.databases import on_sqlite
from tests.support.refusals import capture_refusal

SECONDS = str(int(NOW.timestamp()))
PATH = "/v1/coupons/acme/redeem/SAVE10"
BODY = b'{"user_id":"j\xc3\xb6s\xc3\xa9"}'


def signed(tenant: TenantFactory, path: str = PATH, **changes: Any) -> SignedRequest:
    """Return a request signed after the Phoenix specification.

    `changes` are applied after signing.
    """
    text = f"POST\n{path}\n{SECONDS}\n".encode() + BODY
    digest = hmac.new(tenant.secret.encode(), text, hashlib.sha256).hexdigest()
    request = SignedRequest(
        "POST", (path,), BODY, tenant.tenant_id, SECONDS, f"hmac-sha256={digest}"
    )
    return replace(request, **changes)


def authenticate(request: SignedRequest) -> Principal:
    return authentication.authenticate_signed_request(request, NOW)


def test_a_signed_request_speaks_for_the_tenant(tenant: TenantFactory) -> None:
    assert authenticate(signed(tenant)) == Principal(tenant.tenant_id)


@pytest.mark.parametrize("path", ["/u/john%20doe", "/u/john doe", "/u/jösé", "/x?a=1"])
def test_the_path_may_be_signed_in_each_of_its_forms(
    tenant: TenantFactory, path: str
) -> None:
    forms = "/u/other", path, "/u/third"
    assert authenticate(signed(tenant, path, paths=forms)).tenant_id == tenant.tenant_id


def test_an_empty_body_is_signed_as_nothing(tenant: TenantFactory) -> None:
    text = f"GET\n{PATH}\n{SECONDS}\n".encode()
    digest = hmac.new(tenant.secret.encode(), text, hashlib.sha256).hexdigest()
    request = signed(tenant, method="GET", body=b"", signature=f"hmac-sha256={digest}")
    assert authenticate(request) == Principal(tenant.tenant_id)


def test_the_signatures_hex_may_be_in_capitals(tenant: TenantFactory) -> None:
    name, _, digest = signed(tenant).signature.partition("=")
    request = signed(tenant, signature=f"{name}={digest.upper()}")
    assert authenticate(request).tenant_id == tenant.tenant_id


TAMPERED: dict[str, dict[str, Any]] = {
    "method": {"method": "PUT"},
    "method in lower case": {"method": "post"},
    "path": {"paths": (PATH + "1",)},
    "path with a query": {"paths": (PATH + "?user=bob",)},
    "no path": {"paths": ()},
    "body": {"body": BODY + b" "},
    "no body": {"body": b""},
    "timestamp": {"timestamp": str(int(SECONDS) + 1)},
    "no scheme": {"signature": "0" * 64},
    "other scheme": {"signature": "hmac-sha512=" + "0" * 64},
    "non-ASCII": {"signature": "hmac-sha256=é"},
    "lone surrogate": {"signature": "hmac-sha256=\ud800"},
    "empty digest": {"signature": "hmac-sha256="},
}


@on_sqlite
@pytest.mark.parametrize("case", TAMPERED)
def test_whatever_is_tampered_with_is_noticed(tenant: TenantFactory, case: str) -> None:
    request = signed(tenant, **TAMPERED[case])
    assert capture_refusal(authenticate, request) == AuthReason.BAD_SIGNATURE


@pytest.mark.parametrize("position", range(0, 64, 9))
def test_every_digit_of_the_signature_counts(
    tenant: TenantFactory, position: int
) -> None:
    signature = signed(tenant).signature
    index = len("hmac-sha256=") + position
    digit = "0" if signature[index] != "0" else "1"
    changed = signature[:index] + digit + signature[index + 1 :]
    request = signed(tenant, signature=changed)
    assert capture_refusal(authenticate, request) == AuthReason.BAD_SIGNATURE


@pytest.mark.parametrize("tenant_id", ["nobody", "é", "a/b", "a\x00", "\ud800"])
def test_an_unknown_tenant_has_no_signature(
    tenant: TenantFactory, tenant_id: str
) -> None:
    for secret in (tenant.secret, ""):
        request = signed(tenant.with_secret(secret), tenant_id=tenant_id)
        assert capture_refusal(authenticate, request) == AuthReason.BAD_SIGNATURE


def test_one_tenants_secret_does_not_sign_for_another(tenant: TenantFactory) -> None:
    request = signed(tenant, tenant_id=create_tenant().tenant_id)
    assert capture_refusal(authenticate, request) == AuthReason.BAD_SIGNATURE


@pytest.mark.parametrize("name", ["tenant_id", "timestamp", "signature"])
@pytest.mark.parametrize("value", [None, ""])
def test_a_missing_header_is_told(
    tenant: TenantFactory, name: str, value: str | None
) -> None:
    request = signed(tenant, **{name: value})
    assert capture_refusal(authenticate, request) == AuthReason.MISSING_HEADER


@pytest.mark.parametrize(
    ("late", "is_good"),
    [(0, True), (300, True), (-300, True), (300.001, False), (-300.001, False)],
)
def test_a_signature_is_good_for_five_minutes_either_way(
    tenant: TenantFactory, late: float, is_good: bool
) -> None:
    now = NOW + timedelta(seconds=late)
    if is_good:
        assert authentication.authenticate_signed_request(signed(tenant), now)
    else:
        reason = capture_refusal(
            authentication.authenticate_signed_request, signed(tenant), now
        )
        assert reason == AuthReason.BAD_TIMESTAMP


@pytest.mark.parametrize(
    "timestamp",
    ["now", "-1", "+1", "1.5", "1e9", " 1", "٣", "0x1", f"{SECONDS}000", "9" * 5000],
)
def test_a_timestamp_is_whole_seconds(tenant: TenantFactory, timestamp: str) -> None:
    request = signed(tenant, timestamp=timestamp)
    assert capture_refusal(authenticate, request) == AuthReason.BAD_TIMESTAMP


def test_both_active_secrets_sign(tenant: TenantFactory) -> None:
    authenticate(signed(tenant))
    newer = tenant.with_secret(tenants.rotate_secret(tenant.tenant_id, NOW).secret)
    assert authenticate(signed(newer)) == authenticate(signed(tenant))
