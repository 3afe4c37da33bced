"""Users and their points over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from coupon_core.domain.models.points import MOST_POINTS
from tests.admin_client import Admin, made, refused

JOHN = "john@doe.com"
GOLD = {"user_id": JOHN, "point_id": "gold", "amount": 100}


@pytest.fixture
def john(admin: Admin) -> Admin:
    """An admin of a tenant that knows John."""
    made(admin.post("users", {"user_id": JOHN}))
    return admin


def test_a_user_is_a_member_unless_told_otherwise(john: Admin) -> None:
    user = john.get(f"users/{JOHN}").json
    assert (user["is_member"], user["details"], user["tags"]) == (True, {}, [])
    changes = {"is_member": False, "details": {"firstName": "John"}, "tags": ["vip"]}
    changed = john.patch(f"users/{JOHN}", changes).json
    assert changes.items() <= changed.items()
    assert john.get("users").json == {"users": [changed], "total": 1}


def test_users_are_made_known_once_and_by_their_tenant(
    john: Admin, other: Admin
) -> None:
    refused(john.post("users", {"user_id": JOHN}), 409, "USER_EXISTS")
    refused(other.get(f"users/{JOHN}"), 404, "USER_NOT_FOUND")
    refused(other.patch(f"users/{JOHN}", {}), 404, "USER_NOT_FOUND")


def test_points_are_given_and_taken(john: Admin) -> None:
    given = made(john.post("points/credit", {**GOLD, "reason": "Birthday"}))
    assert (given["amount"], given["balance"], given["kind"]) == (100, 100, "credit")
    taken = made(john.post("points/debit", {**GOLD, "amount": 30}))
    assert (taken["amount"], taken["balance"], taken["kind"]) == (-30, 70, "debit")
    (wallet,) = john.get(f"points/wallets?user_id={JOHN}").json["wallets"]
    assert (wallet["point_id"], wallet["balance"]) == ("gold", 70)
    listed = john.get("points/entries?point_id=gold").json
    assert listed == {"entries": [taken, given], "total": 2}


def test_what_is_not_there_is_not_taken(john: Admin) -> None:
    refused(john.post("points/debit", GOLD), 409, "NOT_ENOUGH_POINTS")
    assert john.get("points/entries").json["total"] == 0


def test_a_wallet_has_an_upper_end(john: Admin) -> None:
    made(john.post("points/credit", {**GOLD, "amount": MOST_POINTS}))
    refused(john.post("points/credit", GOLD), 409, "WALLET_FULL")


def test_unknown_users_get_nothing(admin: Admin) -> None:
    refused(admin.post("points/credit", GOLD), 404, "USER_NOT_FOUND")


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("amount", 0),
        ("amount", -5),
        ("amount", True),
        ("amount", 1.5),
        ("amount", "7"),
        ("amount", MOST_POINTS + 1),
        ("point_id", ""),
        ("point_id", "go ld"),
        ("user_id", "a/b"),
        ("balance", 1),
    ],
)
def test_what_is_wrong_is_named(john: Admin, member: str, value: Any) -> None:
    answer = john.post("points/credit", {**GOLD, member: value})
    assert answer.status_code == 400
    assert {detail["path"] for detail in answer.json["details"]} == {member}
    assert john.get("points/wallets").json["total"] == 0


def test_other_tenants_have_their_own_points(john: Admin, other: Admin) -> None:
    made(john.post("points/credit", GOLD))
    assert other.get("points/wallets").json == {"wallets": [], "total": 0}
    refused(other.post("points/debit", GOLD), 404, "USER_NOT_FOUND")


def test_reading_keys_give_nothing(john: Admin) -> None:
    key = made(john.post("api-keys", {"name": "r", "scopes": ["read"]}))["api_key"]
    answer = john.post("points/credit", GOLD, headers={"X-API-Key": key})
    refused(answer, 403, "SCOPE_MISSING")
