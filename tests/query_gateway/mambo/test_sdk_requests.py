"""Requests as Mambo's own SDKs send them: unknown and null members, names, IDs."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from coupon_core.services.catalog import definitions
from tests.query_gateway.mambo.site import (
    JOHN,
    SiteClient,
    build_activity,
    expect_created,
    expect_refusal,
)
from tests.support.database_rows import read_all_rows

MISSING_ID = "01890000-0000-7000-8000-000000000000"
# What UserRequestData of the PHP SDK sends; objects without members are lists in PHP.
SDK_USER: dict[str, Any] = {
    "uuid": JOHN,
    "isMember": True,
    "pictureUrl": "https://acme.example/john.png",
    "profileUrl": None,
    "details": [],
    "facebook": {"id": "1", "username": "john"},
    "twitter": [],
    "customFields": [{"name": "phone", "value": "1"}],
    "tagIds": None,
    "tagTags": ["vip"],
}
SDK_COUPON: dict[str, Any] = {
    "name": "Ten percent",
    "code": "TEN",
    "codes": None,
    "type": "percent",
    "active": None,
    "amount": 10,
    "custom": None,
    "pointsToBuy": {"pointId": "gold", "points": 5, "point": {"id": "gold"}},
    "buyRedemptionMode": None,
    "helpMessage": None,
    "usage": None,
    "expiration": {"type": "never", "date": None, "period": None},
    "scarcity": {"limit": 5, "counter": None, "resetOn": "2026-01-01"},
    "refundable": None,
    "translations": None,
    "tagIds": None,
    "tagTags": ["vip"],
    "imageUrl": "https://acme.example/ten.png",
    "removeImage": None,
}


def test_unknown_members_of_a_user_are_ignored_and_null_is_absent(
    site: SiteClient,
) -> None:
    user = expect_created(site.post("users", SDK_USER))
    assert (user["details"], user["tagTags"]) == ({}, ["vip"])
    path = f"users/{quote(JOHN)}"
    changes = {**SDK_USER, "isMember": False, "details": None, "tagTags": None}
    changed = site.call("PUT", path, changes).json
    assert (changed["isMember"], changed["tagTags"]) == (False, ["vip"])
    assert site.get(path) == changed


def test_a_user_is_changed_only_with_the_uuid_of_the_path(site: SiteClient) -> None:
    site.create_user()
    before = read_all_rows()
    answer = site.call("PUT", f"users/{quote(JOHN)}", {"uuid": "jane"})
    expect_refusal(answer, 400, "ValidationException")
    assert answer.json["error"]["details"][0]["path"] == "uuid"
    assert read_all_rows() == before


def test_tag_ids_of_a_user_are_tags(site: SiteClient) -> None:
    user = site.create_user(tagIds=["a"], tagTags=["b", "a"])
    assert user["tagTags"] == ["b", "a"]


def test_a_user_has_an_id_and_points_name_their_kind(
    site_with_member: SiteClient,
) -> None:
    user = site_with_member.get(f"users/{quote(JOHN)}")
    assert user["id"] == JOHN
    assert user["points"] == [
        {"point": {"id": "gold"}, "pointId": "gold", "balance": 100}
    ]


def test_unknown_members_of_a_coupon_are_ignored_and_null_is_absent(
    site: SiteClient,
) -> None:
    coupon = expect_created(site.post("coupons", SDK_COUPON))
    shown = (coupon["usage"], coupon["refundable"], coupon["active"])
    assert shown == ("single", True, True)
    assert coupon["pointsToBuy"] == {"pointId": "gold", "points": 5}
    assert coupon["scarcity"] == {"limit": 5, "counter": 0}
    path = f"/api/v1/coupons/{coupon['id']}"
    assert site.call("PUT", path, {**SDK_COUPON, "status": "x"}).status_code == 200


def test_a_coupon_as_it_was_read_can_be_written_back(site: SiteClient) -> None:
    for members in ({}, {"codes": ["L1", "L2"]}):
        coupon = site.create_coupon(**members)
        path = f"/api/v1/coupons/{coupon['id']}"
        written = site.call("PUT", path, site.get(path))
        assert written.status_code == 200, written.json
        assert {**written.json, "updatedOn": ""} == {**coupon, "updatedOn": ""}


def test_null_members_of_activities_and_rejections_are_absent(
    site_with_member: SiteClient,
) -> None:
    code = site_with_member.award_coupon(site_with_member.create_coupon())
    body = {
        **build_activity("redeem", code),
        "url": None,
        "content": [],
        "target": None,
        "tagIds": None,
        "createdOnOverride": None,
    }
    done = site_with_member.post("activities/sync", body)
    assert done.status_code == 200, done.json
    path = f"/api/v1/activities/{done.json['id']}"
    assert site_with_member.get(path)["content"] == {}
    rejected = site_with_member.post(f"{path}/reject", {"reason": None})
    assert rejected.status_code == 200, rejected.json


def test_an_activity_shows_the_time_that_overrides_its_own(
    site_with_member: SiteClient,
) -> None:
    site = site_with_member
    code = site.award_coupon(site.create_coupon())
    time = "2020-01-31T12:00:00.123Z"
    body = {**build_activity("redeem", code), "createdOnOverride": time}
    old_id = site.post("activities/sync", body).json["id"]
    new_id = site.post("activities", build_activity("redeem", "NONE")).json["id"]
    listed = site.get("activities")
    assert [activity["id"] for activity in listed] == [new_id, old_id]
    assert listed[1]["createdOn"] == listed[1]["createdOnOverride"] == time
    assert "createdOnOverride" not in listed[0]


@pytest.mark.parametrize("time", ["never", 1, "2020-01-31T12:00", {}])
def test_an_overriding_time_that_is_none_is_refused(
    site_with_member: SiteClient, time: Any
) -> None:
    body = {**build_activity("redeem", "CODE"), "createdOnOverride": time}
    answer = site_with_member.post("activities/sync", body)
    expect_refusal(answer, 400, "ValidationException")
    assert answer.json["error"]["details"][0]["path"] == "createdOnOverride"


# -------------------------------------------------------------------- names and codes


def test_two_coupons_may_have_one_name(site: SiteClient) -> None:
    coupons = [site.create_coupon(name="Offer") for _ in range(3)]
    assert [coupon["name"] for coupon in coupons] == ["Offer"] * 3
    assert [coupon["name"] for coupon in site.get("coupons")] == ["Offer"] * 3
    names = {
        definitions.get(site.tenant.tenant_id, coupon["id"]).name for coupon in coupons
    }
    assert len(names) == 3
    assert "Offer" in names


def test_a_coupon_may_be_given_the_name_of_another_one(site: SiteClient) -> None:
    site.tenant.define(name="Phoenix")
    coupon = site.create_coupon(name="Mambo")
    body = {"name": "Phoenix", "code": coupon["code"], "type": "shipping"}
    path = f"/api/v1/coupons/{coupon['id']}"
    for _ in range(2):
        assert site.call("PUT", path, body).json["name"] == "Phoenix"
    stored_name = definitions.get(site.tenant.tenant_id, coupon["id"]).name
    assert stored_name.startswith("Phoenix (")


def test_a_name_of_maximum_length_may_repeat(site: SiteClient) -> None:
    name = "n" * 255
    for _ in range(2):
        assert site.create_coupon(name=name)["name"] == name


def test_blanks_around_new_codes_are_removed(site: SiteClient) -> None:
    assert site.create_coupon(code=" SHIP2\t")["code"] == "SHIP2"
    assert site.create_coupon(codes=[" L1", "L2 "])["codes"] == ["L1", "L2"]
    body = {"name": "A", "codes": ["X", " x "], "type": "custom"}
    expect_refusal(site.post("coupons", body), 400, "ValidationException")


# ----------------------------------------------------------------------------- delete


@pytest.mark.parametrize("unknown_id", [MISSING_ID, "nonsense", "1", "ä" * 200])
def test_ids_that_no_coupon_has_are_not_found(
    site: SiteClient, unknown_id: str
) -> None:
    coupon = site.create_coupon()
    ids = {"ids": [coupon["id"], unknown_id]}
    answer = site.open("DELETE", "/api/v1/coupons", ids)
    expect_refusal(answer, 404, "CouponNotFoundException")
    assert site.get("coupons") == [coupon]


def test_as_many_are_deleted_as_a_list_can_have(site: SiteClient) -> None:
    ids = [site.create_coupon()["id"] for _ in range(3)]
    repeated = (ids * 334)[:1_000]
    answer = site.open("DELETE", "/api/v1/coupons", {"ids": repeated})
    assert answer.status_code == 204
    assert site.get("coupons") == []
    too_many = {"ids": [MISSING_ID] * 1_001}
    answer = site.open("DELETE", "/api/v1/coupons", too_many)
    expect_refusal(answer, 400, "ValidationException")
