"""Tests of API keys and tenant secrets: shown once, revoked immediately."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import jwt
import pytest

from coupon_core.domain.models import Refused, utc_now
from coupon_core.security.authentication import authenticate_tenant_token
from tests.support.admin_client import AdminClient, expect_created, expect_refusal


def with_key(admin: AdminClient, plain_key: str) -> AdminClient:
    """Return a client of the same tenant with another key."""
    return replace(admin, plain_key=plain_key)


def test_key_is_shown_once(admin: AdminClient) -> None:
    body = {"name": "CI", "scopes": ["read", "coupons"]}
    answer = admin.post("api-keys", body)
    key = expect_created(answer)
    plain = key.pop("api_key")
    assert key["scopes"] == ["coupons", "read"]
    assert (key["expires_at"], key["revoked_at"]) == (None, None)
    assert admin.get(answer.headers["Location"]).json == key
    listed = admin.get("api-keys")
    assert listed.json["api_keys"][0] == key
    assert listed.json["total"] == 2
    assert plain not in listed.text
    assert with_key(admin, plain).get("rewards").status_code == 200


def test_every_key_reads_itself_whatever_its_scopes(admin: AdminClient) -> None:
    body = {"name": "E", "scopes": ["events"]}
    created = expect_created(admin.post("api-keys", body))
    holder = with_key(admin, created.pop("api_key"))
    found = holder.get("/v1/api-keys/self")
    assert found.json == {"tenant_id": admin.tenant_id, **created}
    expect_refusal(holder.get("api-keys"), 403, "SCOPE_MISSING")
    foreign = holder.get("/v1/api-keys/self?tenant_id=other")
    expect_refusal(foreign, 403, "ACCESS_DENIED")


def test_key_without_scopes_may_what_its_maker_may(admin: AdminClient) -> None:
    scopes = ["keys", "read"]
    maker = expect_created(admin.post("api-keys", {"name": "maker", "scopes": scopes}))
    second = with_key(admin, maker["api_key"]).post("api-keys", {"name": "second"})
    assert expect_created(second)["scopes"] == scopes


def test_no_key_makes_one_that_may_more(admin: AdminClient) -> None:
    body = {"name": "maker", "scopes": ["keys", "read"]}
    maker = with_key(admin, expect_created(admin.post("api-keys", body))["api_key"])
    answer = maker.post("api-keys", {"name": "wide", "scopes": ["read", "coupons"]})
    assert "scopes" in expect_refusal(answer, 403, "SCOPE_TOO_WIDE")
    assert admin.get("api-keys").json["total"] == 2


@pytest.mark.parametrize("by", ["post", "delete"])
def test_revoked_key_is_worthless_at_once(admin: AdminClient, by: str) -> None:
    key = expect_created(admin.post("api-keys", {"name": "CI"}))
    holder, path = with_key(admin, key["api_key"]), f"api-keys/{key['key_id']}"
    assert holder.get("rewards").status_code == 200
    for _ in range(2):  # The second call changes nothing.
        gone = admin.delete(path) if by == "delete" else admin.post(f"{path}/revoke")
        assert gone.status_code == (204 if by == "delete" else 200)
    expect_refusal(holder.get("rewards"), 401, "INVALID_API_KEY")
    assert admin.get(path).json["revoked_at"] is not None


def test_key_ends_at_its_time(admin: AdminClient) -> None:
    soon = utc_now() + timedelta(minutes=10)
    body = {"name": "short", "expires_at": soon.isoformat()}
    key = expect_created(admin.post("api-keys", body))
    assert key["expires_at"] == f"{soon:%Y-%m-%dT%H:%M:%SZ}"
    assert with_key(admin, key["api_key"]).get("rewards").status_code == 200


@pytest.mark.parametrize("key_id", ["nonsense", "01890000-0000-7000-8000-000000000000"])
def test_missing_key_is_not_found(
    admin: AdminClient, other_admin: AdminClient, key_id: str
) -> None:
    for unknown in (key_id, other_admin.key.key_id):
        path = f"api-keys/{unknown}"
        expect_refusal(admin.get(path), 404, "API_KEY_NOT_FOUND")
        expect_refusal(admin.post(f"{path}/revoke"), 404, "API_KEY_NOT_FOUND")
        expect_refusal(admin.delete(path), 404, "API_KEY_NOT_FOUND")
    assert other_admin.get("rewards").status_code == 200


def test_secret_is_shown_once_and_two_are_active(admin: AdminClient) -> None:
    first = admin.get("secrets").json["secrets"][0]
    rotations = [expect_created(admin.post("secrets/rotate")) for _ in range(2)]
    plain = [rotation.pop("tenant_secret") for rotation in rotations]
    listed = admin.get("secrets")
    assert listed.json == {"secrets": rotations[::-1], "total": 2}
    assert first not in listed.json["secrets"]
    assert not any(secret in listed.text for secret in plain)
    assert [is_accepted(admin, secret) for secret in plain] == [True, True]
    assert not is_accepted(admin, admin.secret.secret)


def is_accepted(admin: AdminClient, secret: str) -> bool:
    """Return True if players' tokens signed with this secret are accepted."""
    now = utc_now()
    claims = {"sub_type": "tenant", "sub_id": admin.tenant_id, "sub": "a"}
    token = jwt.encode(claims | {"exp": now + timedelta(minutes=5)}, secret, "HS256")
    try:
        authenticate_tenant_token(token, now)
    except Refused:
        return False
    return True


def test_all_secrets_but_the_last_can_go(admin: AdminClient) -> None:
    old = admin.get("secrets").json["secrets"][0]["secret_id"]
    expect_refusal(admin.delete(f"secrets/{old}"), 409, "LAST_SECRET")
    expect_created(admin.post("secrets/rotate"))
    assert admin.delete(f"secrets/{old}").status_code == 204
    expect_refusal(admin.delete(f"secrets/{old}"), 404, "SECRET_NOT_FOUND")
    expect_refusal(admin.delete("secrets/nonsense"), 404, "SECRET_NOT_FOUND")
    assert admin.get("secrets").json["total"] == 1


def test_secret_of_another_tenant_is_not_found(
    admin: AdminClient, other_admin: AdminClient
) -> None:
    path = f"secrets/{other_admin.secret.secret_id}"
    expect_refusal(admin.delete(path), 404, "SECRET_NOT_FOUND")
    assert other_admin.get("secrets").json["total"] == 1
