"""What an API key can obtain for others: credentials, exports, codes by webhook."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from coupon_core.domain.models import Scope, utc_now
from coupon_core.services.access import tenants
from coupon_core.services.webhooks.payloads import EVENT_TYPES
from tests.support.admin_client import AdminClient, expect_created, expect_refusal

FULL_ACCESS = ("read", "definitions", "coupons", "events")
NEEDED_FOR_CLIENT_KEY = {
    "playcamp_server": FULL_ACCESS,
    "mambo": FULL_ACCESS,
    "playcamp_client": ("read",),
}
WEBHOOK_URL = "https://hooks.example.invalid/x"


def with_scopes(admin: AdminClient, *scopes: str) -> AdminClient:
    """Return a client of the same tenant whose key has these scopes."""
    _, plain_key = tenants.create_key(
        None,
        admin.tenant_id,
        name="scoped",
        scopes={Scope(scope) for scope in scopes},
        expires_at=None,
        now=utc_now(),
    )
    return replace(admin, plain_key=plain_key)


def without(needed: Sequence[str], scope: str) -> list[str]:
    return [other for other in needed if other != scope]


# ---------------------------------------------------------------------- credentials


@pytest.mark.parametrize("kind", NEEDED_FOR_CLIENT_KEY)
def test_client_key_needs_the_scopes_of_what_it_can_do(
    admin: AdminClient, kind: str
) -> None:
    body, needed = {"kind": kind, "name": "SDK"}, NEEDED_FOR_CLIENT_KEY[kind]
    for missing in needed:
        maker = with_scopes(admin, "keys", *without(needed, missing))
        text = expect_refusal(maker.post("client-keys", body), 403, "SCOPE_MISSING")
        assert f"'{missing}'" in text
    alone = with_scopes(admin, "keys")
    expect_refusal(alone.post("client-keys", body), 403, "SCOPE_MISSING")
    assert admin.get("client-keys").json["total"] == 0
    expect_created(with_scopes(admin, "keys", *needed).post("client-keys", body))


def test_rotation_of_the_tenant_secret_needs_coupons(admin: AdminClient) -> None:
    before = admin.get("secrets").json
    for scopes in (("keys",), ("keys", "read", "definitions", "events", "support")):
        answer = with_scopes(admin, *scopes).post("secrets/rotate")
        assert "'coupons'" in expect_refusal(answer, 403, "SCOPE_MISSING")
    assert admin.get("secrets").json == before
    expect_created(with_scopes(admin, "keys", "coupons").post("secrets/rotate"))


def test_key_grants_what_its_scopes_contain(admin: AdminClient) -> None:
    maker = with_scopes(admin, "keys", "coupons")
    body = {"name": "helpdesk", "scopes": ["support"]}
    assert expect_created(maker.post("api-keys", body))["scopes"] == ["support"]
    for scope in ("export", "operators", "privacy", "read"):
        answer = maker.post("api-keys", {"name": "wide", "scopes": [scope]})
        expect_refusal(answer, 403, "SCOPE_TOO_WIDE")


def test_first_key_of_a_tenant_has_every_scope(admin: AdminClient) -> None:
    key = admin.get(f"api-keys/{admin.key.key_id}").json
    assert key["scopes"] == sorted(Scope)


# ---------------------------------------------------------------------- support


def test_support_acts_on_one_coupon_and_on_no_other_thing(admin: AdminClient) -> None:
    definition_id = admin.create_definition()["id"]
    first, second = admin.generate_coupons(definition_id, "ann", "bob")
    support = with_scopes(admin, "support")
    path = f"coupons/{definition_id}/coupons"
    assert support.post(f"{path}/{first['id']}/revoke").status_code == 200
    code = {"code": second["code"]}
    assert support.post(f"{path}/revoke", code).status_code == 200
    for refused in (
        support.get("codes"),
        support.post("codes/revoke", {"user_id": "ann"}),
        support.post(f"coupons/{definition_id}/generate", {"count": 1}),
    ):
        expect_refusal(refused, 403, "SCOPE_MISSING")


# ---------------------------------------------------------------------- export


def list_exports(admin: AdminClient) -> list[dict[str, Any]]:
    return admin.get("audit?action=codes.exported").json["entries"]


def test_export_needs_its_scope(admin: AdminClient) -> None:
    others = [scope.value for scope in Scope if scope != Scope.EXPORT]
    answer = with_scopes(admin, *others).get("codes/export")
    assert "'export'" in expect_refusal(answer, 403, "SCOPE_MISSING")
    assert list_exports(admin) == []
    assert with_scopes(admin, "export").get("codes/export").status_code == 200


def test_export_is_audited(admin: AdminClient) -> None:
    definition_id = admin.create_definition()["id"]
    admin.generate_coupons(definition_id, "ann")
    query = f"definition_id={definition_id}&user_id=ann"
    assert "ann" in admin.get(f"codes/export?{query}").text
    (entry,) = list_exports(admin)
    assert entry["actor"] == admin.key.key_id
    assert entry["object_id"] == definition_id
    assert entry["detail"] == {"filters": ["definition_id", "user_id"]}


# ---------------------------------------------------------------------- webhooks


@pytest.mark.parametrize("event_type", EVENT_TYPES)
def test_webhook_that_carries_codes_needs_read(
    admin: AdminClient, event_type: str
) -> None:
    body = {"event_type": event_type, "url": WEBHOOK_URL}
    answer = with_scopes(admin, "events").post("webhooks", body)
    if event_type.startswith(("batch.", "definition.")):
        expect_created(answer)
        return
    assert "'read'" in expect_refusal(answer, 403, "SCOPE_MISSING")
    assert admin.get("webhooks").json["total"] == 0
    expect_created(with_scopes(admin, "events", "read").post("webhooks", body))


def test_codes_are_not_redirected_without_read(admin: AdminClient) -> None:
    body = {"event_type": "coupon.generated", "url": WEBHOOK_URL}
    path = f"webhooks/{expect_created(admin.post('webhooks', body))['id']}"
    before = admin.get(path).json
    events_only = with_scopes(admin, "events")
    for changes in ({"url": f"{WEBHOOK_URL}/mine"}, {"is_active": True}):
        answer = events_only.patch(path, changes)
        assert "'read'" in expect_refusal(answer, 403, "SCOPE_MISSING")
    assert admin.get(path).json == before
    assert events_only.patch(path, {"is_active": False}).status_code == 200
    missing = events_only.patch("webhooks/4711", {"is_active": True})
    expect_refusal(missing, 404, "WEBHOOK_NOT_FOUND")
    both = with_scopes(admin, "events", "read")
    assert both.patch(path, {"url": f"{WEBHOOK_URL}/mine"}).status_code == 200
