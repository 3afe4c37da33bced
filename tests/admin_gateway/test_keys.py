"""API keys and tenant secrets over HTTP: made, shown once, taken away at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import jwt
import pytest

from coupon_core.domain.models import Refused, utc_now
from coupon_core.security.authentication import principal_of_token
from tests.admin_client import Admin, made, refused


def with_key(admin: Admin, plain_key: str) -> Admin:
    """The same tenant, called with another key."""
    return replace(admin, plain_key=plain_key)


def test_key_is_shown_once(admin: Admin) -> None:
    body = {"name": "CI", "scopes": ["read", "coupons"]}
    answer = admin.post("api-keys", body)
    key = made(answer)
    plain = key.pop("api_key")
    assert key["scopes"] == ["coupons", "read"]
    assert (key["expires_at"], key["revoked_at"]) == (None, None)
    assert admin.get(answer.headers["Location"]).json == key
    listed = admin.get("api-keys")
    assert listed.json["api_keys"][0] == key
    assert listed.json["total"] == 2
    assert plain not in listed.text
    assert with_key(admin, plain).get("rewards").status_code == 200


def test_key_without_scopes_may_what_its_maker_may(admin: Admin) -> None:
    scopes = ["keys", "read"]
    maker = made(admin.post("api-keys", {"name": "maker", "scopes": scopes}))
    second = with_key(admin, maker["api_key"]).post("api-keys", {"name": "second"})
    assert made(second)["scopes"] == scopes


def test_no_key_makes_one_that_may_more(admin: Admin) -> None:
    body = {"name": "maker", "scopes": ["keys", "read"]}
    maker = with_key(admin, made(admin.post("api-keys", body))["api_key"])
    answer = maker.post("api-keys", {"name": "wide", "scopes": ["read", "coupons"]})
    assert "scopes" in refused(answer, 403, "SCOPE_TOO_WIDE")
    assert admin.get("api-keys").json["total"] == 2


@pytest.mark.parametrize("by", ["post", "delete"])
def test_revoked_key_is_worthless_at_once(admin: Admin, by: str) -> None:
    key = made(admin.post("api-keys", {"name": "CI"}))
    holder, path = with_key(admin, key["api_key"]), f"api-keys/{key['key_id']}"
    assert holder.get("rewards").status_code == 200
    for _ in range(2):  # the second time changes nothing
        gone = admin.delete(path) if by == "delete" else admin.post(f"{path}/revoke")
        assert gone.status_code == (204 if by == "delete" else 200)
    refused(holder.get("rewards"), 401, "INVALID_API_KEY")
    assert admin.get(path).json["revoked_at"] is not None


def test_key_ends_at_its_time(admin: Admin) -> None:
    soon = utc_now() + timedelta(seconds=30)
    body = {"name": "short", "expires_at": soon.isoformat()}
    key = made(admin.post("api-keys", body))
    assert key["expires_at"] == f"{soon:%Y-%m-%dT%H:%M:%SZ}"
    assert with_key(admin, key["api_key"]).get("rewards").status_code == 200


@pytest.mark.parametrize("key_id", ["nonsense", "01890000-0000-7000-8000-000000000000"])
def test_missing_key_is_not_found(admin: Admin, other: Admin, key_id: str) -> None:
    for unknown in (key_id, other.key.key_id):
        path = f"api-keys/{unknown}"
        refused(admin.get(path), 404, "API_KEY_NOT_FOUND")
        refused(admin.post(f"{path}/revoke"), 404, "API_KEY_NOT_FOUND")
        refused(admin.delete(path), 404, "API_KEY_NOT_FOUND")
    assert other.get("rewards").status_code == 200


def test_secret_is_shown_once_and_two_are_active(admin: Admin) -> None:
    first = admin.get("secrets").json["secrets"][0]
    rotations = [made(admin.post("secrets/rotate")) for _ in range(2)]
    plain = [rotation.pop("tenant_secret") for rotation in rotations]
    listed = admin.get("secrets")
    assert listed.json == {"secrets": rotations[::-1], "total": 2}
    assert first not in listed.json["secrets"]
    assert not any(secret in listed.text for secret in plain)
    assert [is_good(admin, secret) for secret in plain] == [True, True]
    assert not is_good(admin, admin.secret.secret)


def is_good(admin: Admin, secret: str) -> bool:
    """Whether players' tokens signed with this secret are taken."""
    now = utc_now()
    claims = {"sub_type": "tenant", "sub_id": admin.tenant_id, "sub": "a"}
    token = jwt.encode(claims | {"exp": now + timedelta(minutes=5)}, secret, "HS256")
    try:
        principal_of_token(token, now)
    except Refused:
        return False
    return True


def test_all_secrets_but_the_last_can_go(admin: Admin) -> None:
    old = admin.get("secrets").json["secrets"][0]["secret_id"]
    refused(admin.delete(f"secrets/{old}"), 409, "LAST_SECRET")
    made(admin.post("secrets/rotate"))
    assert admin.delete(f"secrets/{old}").status_code == 204
    refused(admin.delete(f"secrets/{old}"), 404, "SECRET_NOT_FOUND")
    refused(admin.delete("secrets/nonsense"), 404, "SECRET_NOT_FOUND")
    assert admin.get("secrets").json["total"] == 1


def test_secret_of_another_tenant_is_not_found(admin: Admin, other: Admin) -> None:
    path = f"secrets/{other.secret.secret_id}"
    refused(admin.delete(path), 404, "SECRET_NOT_FOUND")
    assert other.get("secrets").json["total"] == 1
