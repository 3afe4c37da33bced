"""Tests of the coupons of a definition: generate, list, revoke."""

from __future__ import annotations

from typing import Any

import pytest

from coupon_core.domain.codes import ALPHABETS
from coupon_core.domain.models import (
    CodeAlphabet,
    Reason,
    Refused,
    utc_now,
)
from coupon_core.services.coupons import redemption
from coupon_core.services.coupons.redemption import RedeemRequest
from tests.support.admin_client import AdminClient, expect_created, expect_refusal

CUSTOM = {"code_format": "custom", "custom_code": "SAVE10"}


def test_each_user_gets_a_coupon_once_in_the_order_given(admin: AdminClient) -> None:
    definition = admin.create_definition(code_prefix="HI", code_length=6)
    body = {"user_ids": ["b", "a", "b"]}
    answer = expect_created(admin.post(f"coupons/{definition['id']}/generate", body))
    issued = answer["coupons"]
    assert [coupon["user_id"] for coupon in issued] == ["b", "a"]
    assert (answer["total"], answer["generated"]) == (2, 2)
    assert all(coupon["code"].startswith("HI") for coupon in issued)
    assert {len(coupon["code"]) for coupon in issued} == {8}
    assert issued[0]["reward_item"]["name"] == "100 Bonus Points"


def test_random_codes_are_made_anew_each_time(admin: AdminClient) -> None:
    definition_id = admin.create_definition()["id"]
    codes = {admin.generate_coupons(definition_id, "a")[0]["code"] for _ in range(3)}
    assert len(codes) == 3


def test_user_holds_one_coupon_of_a_custom_code(admin: AdminClient) -> None:
    definition_id = admin.create_definition(**CUSTOM)["id"]
    first = admin.generate_coupons(definition_id, "a")
    body = {"user_ids": ["a", "b"]}
    again = expect_created(admin.post(f"coupons/{definition_id}/generate", body))
    assert again["coupons"][0] == first[0]
    assert (again["total"], again["generated"]) == (2, 1)


def test_count_makes_coupons_that_nobody_holds(admin: AdminClient) -> None:
    path = f"coupons/{admin.create_definition()['id']}"
    answer = expect_created(admin.post(f"{path}/generate", {"count": 1_000}))
    assert (answer["total"], answer["generated"]) == (1_000, 1_000)
    assert {coupon["user_id"] for coupon in answer["coupons"]} == {None}
    assert len({coupon["code"] for coupon in answer["coupons"]}) == 1_000


def test_coupons_may_have_their_own_expiry(admin: AdminClient) -> None:
    definition = admin.create_definition(expires_at="2030-01-01T00:00:00Z")
    body = {"user_ids": ["a"], "expires_at": "2029-01-01T00:00:00Z"}
    coupon = expect_created(admin.post(f"coupons/{definition['id']}/generate", body))[
        "coupons"
    ]
    assert coupon[0]["expires_at"] == "2029-01-01T00:00:00Z"
    assert admin.generate_coupons(definition["id"], "b")[0]["expires_at"][:4] == "2030"


def test_thousand_long_user_ids_fit(admin: AdminClient) -> None:
    users = [f"{number:04}{'ö' * 124}" for number in range(1_000)]
    path = f"coupons/{admin.create_definition()['id']}/generate"
    assert expect_created(admin.post(path, {"user_ids": users}))["generated"] == 1_000


def test_one_bad_user_of_a_thousand_makes_none(admin: AdminClient) -> None:
    path = f"coupons/{admin.create_definition()['id']}"
    users = [f"user_{number}" for number in range(999)] + ["a/b"]
    answer = admin.post(f"{path}/generate", {"user_ids": users})
    assert "user_ids.999" in expect_refusal(answer, 400, "VALIDATION_ERROR")
    assert admin.get(f"{path}/coupons").json == {"coupons": [], "total": 0}


def test_code_space_is_used_up_by_half_at_most(
    admin: AdminClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Seven characters allow only 2,401 codes of length 4, so few rows fill the space.
    monkeypatch.setitem(ALPHABETS, CodeAlphabet.UNAMBIGUOUS, "2345678")
    path = f"coupons/{admin.create_definition(code_length=4)['id']}/generate"
    expect_created(admin.post(path, {"count": 1_000}))
    text = expect_refusal(admin.post(path, {"count": 201}), 409, "CODE_SPACE_TOO_SMALL")
    assert "room for 1,200" in text
    expect_created(admin.post(path, {"count": 200}))


def test_custom_code_needs_users(admin: AdminClient) -> None:
    path = f"coupons/{admin.create_definition(**CUSTOM)['id']}/generate"
    answer = admin.post(path, {"count": 2})
    assert "user_ids" in expect_refusal(answer, 400, "CUSTOM_NEEDS_USERS")


def test_list_is_filtered(admin: AdminClient) -> None:
    definition_id = admin.create_definition()["id"]
    a, b, c = admin.generate_coupons(definition_id, "a", "b", "c")
    admin.create_definition("Other")
    path = f"coupons/{definition_id}/coupons"
    revoked = admin.post(f"{path}/{b['id']}/revoke").json
    filters: dict[str, list[dict[str, Any]]] = {
        "": [c, revoked, a],
        "?status=active": [c, a],
        "?status=revoked": [revoked],
        "?status=redeemed": [],
        "?user_id=a": [a],
        "?user_id=nobody": [],
        f"?code={c['code']}": [c],
        f"?code={c['code'].lower()}&status=active": [c],
        f"?code={c['code']}&user_id=a": [],
        "?limit=1&offset=2": [a],
    }
    for query, expected in filters.items():
        assert admin.get(path + query).json["coupons"] == expected, query
    assert admin.get(f"{path}?limit=1").json["total"] == 3


def test_coupon_is_found_below_its_own_definition_only(admin: AdminClient) -> None:
    first, second = (admin.create_definition(name)["id"] for name in ("One", "Two"))
    coupon = admin.generate_coupons(first, "a")[0]
    assert admin.get(f"coupons/{first}/coupons/{coupon['id']}").json == coupon
    answer = admin.get(f"coupons/{second}/coupons/{coupon['id']}")
    expect_refusal(answer, 404, "COUPON_NOT_FOUND")
    answer = admin.post(f"coupons/{second}/coupons/{coupon['id']}/revoke")
    expect_refusal(answer, 404, "COUPON_NOT_FOUND")


@pytest.mark.parametrize("by", ["id", "code"])
def test_revoked_coupon_cannot_be_redeemed(admin: AdminClient, by: str) -> None:
    definition_id = admin.create_definition()["id"]
    coupon = admin.generate_coupons(definition_id, "a")[0]
    path = f"coupons/{definition_id}/coupons"
    ways = {
        "id": (f"{path}/{coupon['id']}/revoke", None),
        "code": (f"{path}/revoke", {"code": f" {coupon['code'].lower()} "}),
    }
    revoked = admin.post(*ways[by]).json
    assert revoked == coupon | {"status": "revoked"}
    assert admin.post(*ways[by]).json == revoked
    with pytest.raises(Refused) as refusal:
        redemption.redeem(RedeemRequest("acme", coupon["code"], "a"), utc_now())
    assert refusal.value.reason == Reason.REVOKED


def test_redeemed_coupon_cannot_be_revoked(admin: AdminClient) -> None:
    definition_id = admin.create_definition()["id"]
    coupon = admin.generate_coupons(definition_id, "a")[0]
    redemption.redeem(RedeemRequest("acme", coupon["code"], "a"), utc_now())
    answer = admin.post(f"coupons/{definition_id}/coupons/{coupon['id']}/revoke")
    expect_refusal(answer, 409, "COUPON_REDEEMED")


def test_shared_code_is_revoked_for_one_user(admin: AdminClient) -> None:
    definition_id = admin.create_definition(**CUSTOM)["id"]
    admin.generate_coupons(definition_id, "a", "b")
    path = f"coupons/{definition_id}/coupons/revoke"
    answer = admin.post(path, {"code": "SAVE10"})
    assert "user_id" in expect_refusal(answer, 409, "SEVERAL_COUPONS")
    assert admin.post(path, {"code": "save10", "user_id": "b"}).json["user_id"] == "b"
    answer = admin.post(path, {"code": "SAVE10", "user_id": "c"})
    expect_refusal(answer, 404, "COUPON_NOT_FOUND")
    left = admin.get(f"coupons/{definition_id}/coupons?status=active").json["coupons"]
    assert [coupon["user_id"] for coupon in left] == ["a"]


def test_code_tells_who_holds_it(admin: AdminClient, other_admin: AdminClient) -> None:
    admin.generate_coupons(admin.create_definition(**CUSTOM)["id"], "a", "b")
    coupon = admin.generate_coupons(admin.create_definition("Random")["id"], "c")[0]
    shared = admin.get("coupons/codes/save10").json
    assert [coupon["user_id"] for coupon in shared["coupons"]] == ["b", "a"]
    assert admin.get("coupons/codes/save10?limit=1").json["total"] == 2
    assert admin.get(f"coupons/codes/{coupon['code']}").json["coupons"] == [coupon]
    for code in ("UNKNOWN", "stats", "coupons", "not a code", "ſave10"):
        expect_refusal(admin.get(f"coupons/codes/{code}"), 404, "COUPON_NOT_FOUND")
    expect_refusal(other_admin.get("coupons/codes/save10"), 404, "COUPON_NOT_FOUND")
