"""Activities as sent and stored, users, and invalid requests."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask

from coupon_core.domain.models import Milestone, Trigger, utc_now
from coupon_core.services.events import earned_coupons
from tests.query_gateway.caller import Caller
from tests.query_gateway.mambo.site import (
    JOHN,
    SiteClient,
    build_activity,
    expect_refusal,
)
from tests.support.database_rows import read_all_rows

MISSING_ID = "01890000-0000-7000-8000-000000000000"


def test_an_activity_is_kept_with_what_it_told(site_with_member: SiteClient) -> None:
    code = site_with_member.award_coupon(site_with_member.create_coupon())
    extra = {"url": "https://shop", "reason": "order 7", "tagTags": ["web"]}
    body = {**build_activity("redeem", code), **extra, "unknown": "ignored"}
    activity_id = site_with_member.post("activities/sync", body).json["id"]
    kept = site_with_member.get(f"/api/v1/activities/{activity_id}")
    assert {
        "id": activity_id,
        "uuid": JOHN,
        "status": "COMPLETED",
        **extra,
    }.items() <= kept.items()
    assert kept["attrs"] == {"type": "coupon", "action": "redeem", "code": code}
    assert "unknown" not in kept
    assert site_with_member.get("activities") == [kept]


def test_activities_are_listed_newest_first_and_by_user(
    site_with_member: SiteClient,
) -> None:
    site_with_member.create_user("jane")
    coupon = site_with_member.create_coupon(
        pointsToBuy={"pointId": "gold", "points": 1}
    )
    site_with_member.credit_points(1, "jane")
    activity_ids = [
        site_with_member.perform_activity("buy", coupon["code"], user_id).json["id"]
        for user_id in (JOHN, "jane", JOHN)
    ]
    listed = [activity["id"] for activity in site_with_member.get("activities")]
    assert listed == activity_ids[::-1]
    of_jane = [
        activity["id"] for activity in site_with_member.get("activities?uuid=jane")
    ]
    assert of_jane == [activity_ids[1]]


def test_a_synchronous_refusal_is_not_kept(site_with_member: SiteClient) -> None:
    expect_refusal(
        site_with_member.perform_activity("redeem", "NONE"),
        404,
        "CouponNotFoundException",
    )
    assert site_with_member.get("activities") == []


def test_an_asynchronous_refusal_is_told_by_its_activity(
    site_with_member: SiteClient,
) -> None:
    answer = site_with_member.post("activities", build_activity("redeem", "NONE"))
    assert answer.status_code == 200
    kept = site_with_member.get(f"/api/v1/activities/{answer.json['id']}")
    assert (kept["status"], kept["exception"]) == ("FAILED", "CouponNotFoundException")


def test_an_asynchronous_activity_has_its_effect(site_with_member: SiteClient) -> None:
    code = site_with_member.award_coupon(site_with_member.create_coupon())
    answer = site_with_member.post("activities", build_activity("redeem", code))
    assert (
        site_with_member.get(f"/api/v1/activities/{answer.json['id']}")["status"]
        == "COMPLETED"
    )
    assert [coupon["state"] for coupon in site_with_member.list_held_coupons()] == [
        "REDEEMED"
    ]


def test_a_rejected_activity_says_why_and_undoes_nothing(
    site_with_member: SiteClient,
) -> None:
    code = site_with_member.award_coupon(site_with_member.create_coupon())
    redeemed = site_with_member.perform_activity("redeem", code).json
    path = f"/api/v1/activities/{redeemed['id']}/reject"
    rejected = site_with_member.post(path, {"reason": "By mistake"}).json
    assert rejected["status"] == "REJECTED"
    assert rejected["rejectionReason"] == "By mistake"
    assert site_with_member.post(path, {"reason": "Again"}).json == rejected
    assert [coupon["state"] for coupon in site_with_member.list_held_coupons()] == [
        "REDEEMED"
    ]


@pytest.mark.parametrize("activity_id", [MISSING_ID, "nonsense", "1"])
def test_missing_activities_are_not_found(
    site_with_member: SiteClient, activity_id: str
) -> None:
    path = f"/api/v1/activities/{activity_id}"
    expect_refusal(site_with_member.call("GET", path), 404, "ActivityNotFoundException")
    expect_refusal(
        site_with_member.post(f"{path}/reject", {}), 404, "ActivityNotFoundException"
    )


def test_sdks_of_2015_redeem_and_refund(site_with_member: SiteClient) -> None:
    body = {
        "uuid": JOHN,
        "code": site_with_member.award_coupon(site_with_member.create_coupon()),
    }
    assert set(site_with_member.post("coupons/redeem", body).json) == {"id"}
    expect_refusal(
        site_with_member.post("coupons/redeem", body), 400, "CouponRedeemedException"
    )
    assert set(site_with_member.post("coupons/refund", body).json) == {"id"}
    assert [coupon["state"] for coupon in site_with_member.list_held_coupons()] == [
        "AVAILABLE"
    ]


def test_the_same_key_buys_once(site_with_member: SiteClient) -> None:
    coupon = site_with_member.create_coupon(
        pointsToBuy={"pointId": "gold", "points": 30}
    )
    path = f"/api/v1/{site_with_member.tenant.tenant_id}/activities/sync"
    headers = {**site_with_member.headers, "Idempotency-Key": "order-7"}
    body = build_activity("buy", coupon["code"])
    answers = [
        site_with_member.client.post(path, json=body, headers=headers) for _ in range(3)
    ]
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json["id"] for answer in answers}) == 1
    assert site_with_member.get_balance() == 70


# -------------------------------------------------------------------------- users


def test_users_are_made_known_changed_and_become_members(site: SiteClient) -> None:
    created = site.create_user("a b@c.de", isMember=False, details={"firstName": "A"})
    path = f"users/{quote('a b@c.de')}"
    assert site.get(path) == created
    changed = site.call("PUT", path, {"tagTags": ["vip"]}).json
    assert (changed["isMember"], changed["tagTags"]) == (False, ["vip"])
    assert site.post(f"{path}/member", None).json["isMember"] is True
    again = site.post("users", {"uuid": "a b@c.de"})
    expect_refusal(again, 400, "UserExistsException")


def test_unknown_users_are_not_found(site: SiteClient) -> None:
    for method, path in (
        ("GET", "users/nobody"),
        ("GET", "users/nobody/coupons"),
        ("GET", "users/nobody/coupons/all"),
        ("POST", "users/nobody/member"),
    ):
        expect_refusal(site.call(method, path), 404, "UserNotFoundException")


def test_all_coupons_are_those_held_and_those_for_sale(
    site_with_member: SiteClient,
) -> None:
    site_with_member.award_coupon(site_with_member.create_coupon(name="given"))
    site_with_member.create_coupon(
        name="sold", pointsToBuy={"pointId": "gold", "points": 1}
    )
    found = site_with_member.get(f"users/{JOHN}/coupons/all")
    shown = [(coupon["coupon"]["name"], coupon["state"]) for coupon in found]
    assert shown == [("given", "AVAILABLE"), ("sold", "BUYABLE")]


# ---------------------------------------------------------------- the other APIs


def test_what_a_milestone_earned_is_redeemed_here_and_seen_by_phoenix(
    app: Flask, site_with_member: SiteClient
) -> None:
    tenant = site_with_member.tenant
    tenant.define(
        trigger_kind=Trigger.STREAK_MILESTONE,
        trigger_enabled=True,
        trigger_source="daily",
        trigger_threshold=7,
    )
    now = utc_now()
    milestone = Milestone(
        tenant.tenant_id,
        JOHN,
        event_id="event-1",
        trigger_kind=Trigger.STREAK_MILESTONE,
        source_id="daily",
        value=7,
        occurrence="run-1",
        occurred_at=now,
    )
    assert earned_coupons.process_milestone(milestone, now) == "earned"
    (held,) = site_with_member.list_held_coupons()
    assert held["state"] == "AVAILABLE"
    assert site_with_member.perform_activity("redeem", held["code"]).status_code == 200
    assert [coupon["state"] for coupon in site_with_member.list_held_coupons()] == [
        "REDEEMED"
    ]
    caller = Caller(app.test_client(), tenant, user_id=JOHN)
    path = f"/user/{JOHN}/redemptions"
    (redemption,) = caller.get(path).json["redemptions"]
    assert (redemption["code"], redemption["status"]) == (held["code"], "redeemed")
    assert site_with_member.perform_activity("refund", held["code"]).status_code == 200
    assert caller.get(path).json["redemptions"] == []
    assert caller.redeem(held["code"]).status_code == 200


def test_what_was_bought_here_is_redeemed_by_phoenix(
    app: Flask, site_with_member: SiteClient
) -> None:
    coupon = site_with_member.create_coupon(
        pointsToBuy={"pointId": "gold", "points": 30}
    )
    caller = Caller(app.test_client(), site_with_member.tenant, user_id=JOHN)
    assert caller.redeem(coupon["code"]).status_code == 404
    assert site_with_member.perform_activity("buy", coupon["code"]).status_code == 200
    assert caller.redeem(coupon["code"]).status_code == 200
    assert (
        site_with_member.perform_activity("refund", coupon["code"]).status_code == 200
    )
    assert caller.redeem(coupon["code"]).status_code == 404


def test_a_claimable_code_is_claimed_here(site_with_member: SiteClient) -> None:
    site_with_member.tenant.define_custom("OPEN", claimable=True)
    assert site_with_member.perform_activity("redeem", "open").status_code == 200
    expect_refusal(
        site_with_member.perform_activity("redeem", "OPEN"),
        400,
        "CouponRedeemedException",
    )


# ---------------------------------------------------------------------- bad input

GOOD = build_activity("redeem", "CODE")
BAD: list[Any] = [
    {},
    {"uuid": JOHN},
    {"attrs": GOOD["attrs"]},
    {**GOOD, "uuid": 7},
    {**GOOD, "uuid": ""},
    {**GOOD, "uuid": "a/b"},
    {**GOOD, "attrs": []},
    {**GOOD, "attrs": {**GOOD["attrs"], "action": "sell"}},
    {**GOOD, "attrs": {**GOOD["attrs"], "action": None}},
    {**GOOD, "attrs": {**GOOD["attrs"], "type": "point"}},
    {**GOOD, "attrs": {**GOOD["attrs"], "code": 7}},
    {**GOOD, "attrs": {**GOOD["attrs"], "code": ""}},
    {**GOOD, "attrs": {"type": "coupon", "action": "redeem"}},
    {**GOOD, "url": 7},
    {**GOOD, "tagTags": "vip"},
]


# Refused before any database query, so one database is enough.
@pytest.mark.parametrize("migrated_template", ["sqlite"], indirect=True)
@pytest.mark.parametrize("body", BAD, ids=lambda body: json.dumps(body)[:60])
@pytest.mark.parametrize("path", ["activities", "activities/sync"])
def test_what_is_no_activity_is_refused(
    site_with_member: SiteClient, path: str, body: Any
) -> None:
    before = read_all_rows()
    message = expect_refusal(
        site_with_member.post(path, body), 400, "ValidationException"
    )
    assert message
    assert read_all_rows() == before


@pytest.mark.parametrize("query", ["page=-1", "page=x", "count=0", "count=501"])
def test_pages_are_digits(site_with_member: SiteClient, query: str) -> None:
    expect_refusal(
        site_with_member.call("GET", f"coupons?{query}"), 400, "ValidationException"
    )


@pytest.mark.parametrize(
    ("method", "path", "status", "exception"),
    [
        ("GET", "/api/v1/nonsense", 404, "NotFoundException"),
        ("GET", "/api/v1", 404, "NotFoundException"),
        ("PATCH", "/api/v1/coupons", 405, "MethodNotAllowedException"),
        ("GET", "/oauth/token", 405, "invalid_request"),
        ("GET", "/oauth/nonsense", 404, "invalid_request"),
    ],
)
def test_paths_that_are_none_answer_in_the_dialect(
    site: SiteClient, method: str, path: str, status: int, exception: str
) -> None:
    answer = site.client.open(path, method=method, headers=site.headers)
    if path.startswith("/oauth"):
        assert (answer.status_code, answer.json["error"]) == (status, exception)
    else:
        expect_refusal(answer, status, exception)


def test_bodies_that_are_no_json_answer_in_the_dialect(site: SiteClient) -> None:
    path = f"/api/v1/{site.tenant.tenant_id}/activities/sync"
    kind = {"Content-Type": "application/json", **site.headers}
    answer = site.client.post(path, data=b'{"uuid":', headers=kind)
    expect_refusal(answer, 400, "ValidationException")
    answer = site.client.post(path, data=b"a=b", headers=site.headers)
    expect_refusal(answer, 415, "UnsupportedMediaTypeException")
