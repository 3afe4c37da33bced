"""Tests of client keys: shown once, revoked immediately."""

from __future__ import annotations

import pytest

from coupon_core.domain.models import Refused, utc_now
from coupon_core.domain.models.client_keys import ClientKeyKind
from coupon_core.security import authentication
from tests.support.admin_client import AdminClient, expect_created, expect_refusal

BODY = {"kind": "playcamp_server", "name": "game server"}


def is_accepted(credential: str) -> bool:
    try:
        authentication.authenticate_client_key(
            credential, set(ClientKeyKind), utc_now()
        )
    except Refused:
        return False
    return True


def test_key_is_shown_once(admin: AdminClient) -> None:
    answer = admin.post("client-keys", BODY)
    key = expect_created(answer)
    secret, credential = key.pop("secret"), key.pop("credential")
    assert credential == f"{key['key_id']}:{secret}"
    assert key | BODY == key
    assert admin.get(answer.headers["Location"]).json == key
    listed = admin.get("client-keys")
    assert listed.json == {"client_keys": [key], "total": 1}
    assert secret not in listed.text
    assert is_accepted(credential)


@pytest.mark.parametrize("by", ["post", "delete"])
def test_revoked_key_is_worthless_at_once(admin: AdminClient, by: str) -> None:
    key = expect_created(admin.post("client-keys", BODY))
    path = f"client-keys/{key['key_id']}"
    for _ in range(2):  # The second call changes nothing.
        gone = admin.delete(path) if by == "delete" else admin.post(f"{path}/revoke")
        assert gone.status_code == (204 if by == "delete" else 200)
    assert not is_accepted(key["credential"])
    assert admin.get(path).json["revoked_at"] is not None


def test_keys_are_listed_by_kind(admin: AdminClient) -> None:
    expect_created(admin.post("client-keys", BODY))
    key = expect_created(admin.post("client-keys", {**BODY, "kind": "mambo"}))
    page = admin.get("client-keys?kind=mambo").json
    assert [item["key_id"] for item in page["client_keys"]] == [key["key_id"]]
    assert page["total"] == 1


INVALID_BODIES = {
    "kind": {**BODY, "kind": "root"},
    "name": {**BODY, "name": ""},
    "expires_at": {**BODY, "expires_at": "2001-01-01T00:00:00Z"},
    "scopes": {**BODY, "scopes": []},
}


@pytest.mark.parametrize("member", INVALID_BODIES)
def test_bad_member_is_named(admin: AdminClient, member: str) -> None:
    answer = admin.post("client-keys", INVALID_BODIES[member])
    assert member in expect_refusal(answer, 400, "VALIDATION_ERROR")
    assert admin.get("client-keys").json["total"] == 0


def test_key_of_another_tenant_is_not_found(
    admin: AdminClient, other_admin: AdminClient
) -> None:
    key = expect_created(other_admin.post("client-keys", BODY))
    for key_id in (key["key_id"], "nonsense"):
        path = f"client-keys/{key_id}"
        expect_refusal(admin.get(path), 404, "CLIENT_KEY_NOT_FOUND")
        expect_refusal(admin.post(f"{path}/revoke"), 404, "CLIENT_KEY_NOT_FOUND")
        expect_refusal(admin.delete(path), 404, "CLIENT_KEY_NOT_FOUND")
    assert is_accepted(key["credential"])
