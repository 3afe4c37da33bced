"""Tests of users and their points over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from coupon_core.domain.models.points import MAX_POINTS
from tests.support.admin_client import AdminClient, expect_created, expect_refusal

JOHN = "john@doe.com"
GOLD = {"user_id": JOHN, "point_id": "gold", "amount": 100}


@pytest.fixture
def site_with_member(admin: AdminClient) -> AdminClient:
    """Return an admin client of a tenant with the registered user John."""
    expect_created(admin.post("users", {"user_id": JOHN}))
    return admin


def test_a_user_is_a_member_unless_told_otherwise(
    site_with_member: AdminClient,
) -> None:
    user = site_with_member.get(f"users/{JOHN}").json
    assert (user["is_member"], user["details"], user["tags"]) == (True, {}, [])
    changes = {"is_member": False, "details": {"firstName": "John"}, "tags": ["vip"]}
    changed = site_with_member.patch(f"users/{JOHN}", changes).json
    assert changes.items() <= changed.items()
    assert site_with_member.get("users").json == {"users": [changed], "total": 1}


def test_users_are_made_known_once_and_by_their_tenant(
    site_with_member: AdminClient, other_admin: AdminClient
) -> None:
    expect_refusal(
        site_with_member.post("users", {"user_id": JOHN}), 409, "USER_EXISTS"
    )
    expect_refusal(other_admin.get(f"users/{JOHN}"), 404, "USER_NOT_FOUND")
    expect_refusal(other_admin.patch(f"users/{JOHN}", {}), 404, "USER_NOT_FOUND")


def test_points_are_given_and_taken(site_with_member: AdminClient) -> None:
    credit = expect_created(
        site_with_member.post("points/credit", {**GOLD, "reason": "Birthday"})
    )
    assert (credit["amount"], credit["balance"], credit["kind"]) == (100, 100, "credit")
    debit = expect_created(
        site_with_member.post("points/debit", {**GOLD, "amount": 30})
    )
    assert (debit["amount"], debit["balance"], debit["kind"]) == (-30, 70, "debit")
    (wallet,) = site_with_member.get(f"points/wallets?user_id={JOHN}").json["wallets"]
    assert (wallet["point_id"], wallet["balance"]) == ("gold", 70)
    listed = site_with_member.get("points/entries?point_id=gold").json
    assert listed == {"entries": [debit, credit], "total": 2}


def test_what_is_not_there_is_not_taken(site_with_member: AdminClient) -> None:
    expect_refusal(
        site_with_member.post("points/debit", GOLD), 409, "NOT_ENOUGH_POINTS"
    )
    assert site_with_member.get("points/entries").json["total"] == 0


def test_a_wallet_has_an_upper_end(site_with_member: AdminClient) -> None:
    expect_created(
        site_with_member.post("points/credit", {**GOLD, "amount": MAX_POINTS})
    )
    expect_refusal(site_with_member.post("points/credit", GOLD), 409, "WALLET_FULL")


def test_unknown_users_get_nothing(admin: AdminClient) -> None:
    expect_refusal(admin.post("points/credit", GOLD), 404, "USER_NOT_FOUND")


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("amount", 0),
        ("amount", -5),
        ("amount", True),
        ("amount", 1.5),
        ("amount", "7"),
        ("amount", MAX_POINTS + 1),
        ("point_id", ""),
        ("point_id", "go ld"),
        ("user_id", "a/b"),
        ("balance", 1),
    ],
)
def test_what_is_wrong_is_named(
    site_with_member: AdminClient, member: str, value: Any
) -> None:
    answer = site_with_member.post("points/credit", {**GOLD, member: value})
    assert answer.status_code == 400
    assert {detail["path"] for detail in answer.json["details"]} == {member}
    assert site_with_member.get("points/wallets").json["total"] == 0


def test_other_tenants_have_their_own_points(
    site_with_member: AdminClient, other_admin: AdminClient
) -> None:
    expect_created(site_with_member.post("points/credit", GOLD))
    assert other_admin.get("points/wallets").json == {"wallets": [], "total": 0}
    expect_refusal(other_admin.post("points/debit", GOLD), 404, "USER_NOT_FOUND")


def test_reading_keys_give_nothing(site_with_member: AdminClient) -> None:
    key = expect_created(
        site_with_member.post("api-keys", {"name": "r", "scopes": ["read"]})
    )["api_key"]
    answer = site_with_member.post("points/credit", GOLD, headers={"X-API-Key": key})
    expect_refusal(answer, 403, "SCOPE_MISSING")
