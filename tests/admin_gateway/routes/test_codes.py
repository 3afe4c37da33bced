"""Tests of codes over HTTP: cursor pages, timelines, assignment, export."""

from __future__ import annotations

import csv
import io

import pytest

from coupon_core.domain.models import utc_now
from coupon_core.persistence.repositories import inventory
from coupon_core.services.coupons import redemption
from coupon_core.services.coupons.redemption import RedeemRequest
from tests.support.admin_client import AdminClient, expect_created, expect_refusal
from tests.support.invariants import assert_invariants, list_events

CUSTOM = {"code_format": "custom", "custom_code": "SAVE10"}


def generate_unassigned(
    admin: AdminClient, definition_id: str, count: int = 1
) -> list[str]:
    """Generate unassigned codes."""
    answer = admin.post(f"coupons/{definition_id}/generate", {"count": count})
    return [coupon["code"] for coupon in expect_created(answer)["coupons"]]


def fetch_pages(admin: AdminClient, query: str) -> list[list[str]]:
    """Return the codes of every page of a list."""
    pages, cursor = [], ""
    while cursor is not None:
        parameter = f"&cursor={cursor}" if cursor else ""
        answer = admin.get(f"codes?{query}{parameter}").json
        pages.append([coupon["code"] for coupon in answer["coupons"]])
        cursor = answer["next"]
    return pages


def test_pages_hold_every_code_once_newest_first(
    admin: AdminClient, other_admin: AdminClient
) -> None:
    codes = generate_unassigned(admin, admin.create_definition()["id"], 7)
    generate_unassigned(other_admin, other_admin.create_definition()["id"])
    listed = admin.get("codes").json
    in_order = [coupon["code"] for coupon in listed["coupons"]]
    assert (sorted(in_order), listed["next"]) == (sorted(codes), None)
    assert fetch_pages(admin, "limit=3") == [in_order[:3], in_order[3:6], in_order[6:]]
    assert fetch_pages(admin, "limit=7") == [in_order]


def test_a_code_made_meanwhile_moves_no_page(admin: AdminClient) -> None:
    definition_id = admin.create_definition()["id"]
    before = sorted(generate_unassigned(admin, definition_id, 4))
    first = admin.get("codes?limit=2").json
    generate_unassigned(admin, definition_id, 3)
    second = admin.get(f"codes?limit=2&cursor={first['next']}").json
    codes = [coupon["code"] for page in (first, second) for coupon in page["coupons"]]
    assert sorted(codes) == before


def test_codes_are_found_by_each_filter(admin: AdminClient) -> None:
    first_id, second_id = (
        admin.create_definition(name)["id"] for name in ("One", "Two")
    )
    a, b = admin.generate_coupons(first_id, "a", "b")
    c = admin.generate_coupons(second_id, "a")[0]
    admin.post(f"coupons/{first_id}/coupons/{b['id']}/revoke")
    expected_coupons = {
        f"code={a['code'].lower()}": [a],
        "user_id=a": [c, a],
        f"definition_id={first_id}": [b, a],
        f"definition_id={first_id}&user_id=a": [a],
        "status=revoked": [b],
        "status=active&user_id=b": [],
        "status=expired": [],
        "generated_from=2020-01-01T00:00:00Z": [c, b, a],
        "generated_before=2020-01-01T00:00:00Z": [],
        "generated_from=9999-01-01T00:00:00Z": [],
        "generated_from=1970-01-01T00:00:00Z&generated_before=9999-12-31T23:59:59Z": [
            c,
            b,
            a,
        ],
        f"batch_id={first_id}": [],
        f"definition_id={second_id}&code={a['code']}": [],
    }
    for query, expected in expected_coupons.items():
        ids = [coupon["id"] for coupon in admin.get(f"codes?{query}").json["coupons"]]
        assert ids == [coupon["id"] for coupon in expected], query


def test_a_rare_status_is_looked_for_a_bounded_way_at_a_time(
    admin: AdminClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inventory, "MAX_SCANNED_COUPONS", 3)
    definition_id = admin.create_definition()["id"]
    oldest = admin.generate_coupons(definition_id, "a")[0]
    generate_unassigned(admin, definition_id, 8)
    admin.post(f"coupons/{definition_id}/coupons/{oldest['id']}/revoke")
    pages = fetch_pages(admin, "status=revoked")
    assert len(pages) == 3
    assert [code for page in pages for code in page] == [oldest["code"]]
    text = admin.get("codes/export?status=revoked").text
    assert len(text.splitlines()) == 2


def test_next_is_the_earlier_name_of_cursor(admin: AdminClient) -> None:
    generate_unassigned(admin, admin.create_definition()["id"], 3)
    cursor = admin.get("codes?limit=1").json["next"]
    second = admin.get(f"codes?limit=1&cursor={cursor}").json
    assert admin.get(f"codes?limit=1&next={cursor}").json == second
    for query in (f"next={cursor}&cursor={cursor}", "next=x", f"next={cursor[:-1]}A"):
        message = expect_refusal(
            admin.get(f"codes?limit=1&{query}"), 400, "VALIDATION_ERROR"
        )
        assert message.startswith("Invalid query: next: expected"), query


def test_a_cursor_is_good_for_its_own_question_only(admin: AdminClient) -> None:
    generate_unassigned(admin, admin.create_definition()["id"], 3)
    cursor = admin.get("codes?limit=1").json["next"]
    answer = admin.get(f"codes?limit=1&status=active&cursor={cursor}")
    assert "same filters" in expect_refusal(answer, 400, "VALIDATION_ERROR")


def test_a_code_is_given_to_a_user_once(admin: AdminClient) -> None:
    (code,) = generate_unassigned(admin, admin.create_definition()["id"])
    body = {"code": f" {code.lower()} ", "user_id": "ann"}
    assigned = admin.post("codes/assign", body)
    assert assigned.json["user_id"] == "ann"
    assert admin.post("codes/assign", body).json == assigned.json
    answer = admin.post("codes/assign", {"code": code, "user_id": "bob"})
    expect_refusal(answer, 409, "ALREADY_ASSIGNED")
    (event,) = list_events("coupon.assigned")
    assert event == ("acme", {"coupon": assigned.json})


def test_a_code_that_is_no_longer_good_is_given_to_nobody(admin: AdminClient) -> None:
    definition_id = admin.create_definition()["id"]
    (code,) = generate_unassigned(admin, definition_id)
    admin.post(f"coupons/{definition_id}/coupons/revoke", {"code": code})
    answer = admin.post("codes/assign", {"code": code, "user_id": "bob"})
    expect_refusal(answer, 409, "NOT_ASSIGNABLE")
    answer = admin.post("codes/assign", {"code": "UNKNOWN", "user_id": "bob"})
    expect_refusal(answer, 404, "COUPON_NOT_FOUND")
    answer = admin.post("codes/assign", {"code": code})
    expect_refusal(answer, 400, "VALIDATION_ERROR")


def list_timeline_events(
    admin: AdminClient, coupon_id: str
) -> list[tuple[str, str | None]]:
    """Return the events of a coupon's timeline with their actors."""
    entries = admin.get(f"codes/{coupon_id}").json["timeline"]
    return [(entry["event"], entry["by"]) for entry in entries]


def test_a_timeline_tells_what_became_of_a_code_and_by_whom(admin: AdminClient) -> None:
    definition_id = admin.create_definition(
        usage_limit={"limit_type": "per_user", "max_uses": 2}
    )["id"]
    (code,) = generate_unassigned(admin, definition_id)
    coupon = admin.post("codes/assign", {"code": code, "user_id": "ann"}).json
    redemption.redeem(RedeemRequest("acme", code, "ann"), utc_now())
    admin.post(f"coupons/{definition_id}/coupons/revoke", {"code": code})
    by = admin.key.key_id
    assert list_timeline_events(admin, coupon["id"]) == [
        ("generated", None),
        ("assigned", by),
        ("redeemed", None),
        ("revoked", by),
    ]
    expect_refusal(admin.get(f"codes/{definition_id}"), 404, "COUPON_NOT_FOUND")
    expect_refusal(admin.get("codes/nothing"), 404, "COUPON_NOT_FOUND")


def test_all_codes_of_a_user_are_revoked_but_those_used_up(admin: AdminClient) -> None:
    definition_id = admin.create_definition()["id"]
    used, free, again = admin.generate_coupons(definition_id, "ann") + [
        admin.generate_coupons(definition_id, "ann")[0] for _ in range(2)
    ]
    kept = admin.generate_coupons(definition_id, "bob")[0]
    redemption.redeem(RedeemRequest("acme", used["code"], "ann"), utc_now())
    done = admin.post("codes/revoke", {"user_id": "ann"})
    assert done.status_code == 200
    assert [done.json[name] for name in ("state", "done", "skipped")] == [
        "completed",
        2,
        1,
    ]
    revoked = admin.get("codes?status=revoked").json["coupons"]
    assert [coupon["id"] for coupon in revoked] == [again["id"], free["id"]]
    assert list_timeline_events(admin, free["id"])[-1] == ("revoked", admin.key.key_id)
    assert admin.get(f"codes/{kept['id']}").json["status"] == "active"
    job = {name: value for name, value in done.json.items() if name != "dry_run"}
    assert admin.get(f"codes/jobs/{job['job_id']}").json == job
    assert admin.get("codes/jobs").json == {"jobs": [job], "total": 1}
    assert_invariants()


def test_a_coupon_says_whether_it_can_be_redeemed(admin: AdminClient) -> None:
    definition_id = admin.create_definition()["id"]
    (coupon,) = admin.generate_coupons(definition_id, "ann")
    found = admin.get(f"codes/{coupon['id']}").json
    assert found["effective_status"] == "active"
    assert found["state"] == "User ann can redeem the code."
    assert (found["campaign_id"], found["creator_key"]) == (None, None)
    admin.post(f"coupons/{definition_id}/archive")
    found = admin.get(f"codes/{coupon['id']}").json
    assert (found["status"], found["effective_status"]) == ("active", "archived")
    assert found["state"].startswith("The definition is archived")


def test_an_export_has_every_code_and_no_formula(admin: AdminClient) -> None:
    definition_id = admin.create_definition()["id"]
    admin.generate_coupons(definition_id, "=cmd", "@at", "+1", "-1", 'a "b", c', "ann")
    answer = admin.get("codes/export")
    assert answer.headers["Content-Type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    users = ["ann", 'a "b", c', "'-1", "'+1", "'@at", "'=cmd"]
    assert [row["user_id"] for row in rows] == users
    assert {row["status"] for row in rows} == {"active"}
    text = admin.get("codes/export?user_id=ann").text
    assert list(csv.DictReader(io.StringIO(text))) == [rows[0]]


def test_an_export_of_many_pages_repeats_and_loses_nothing(admin: AdminClient) -> None:
    definition_id = admin.create_definition()["id"]
    codes = {
        code
        for _ in range(3)
        for code in generate_unassigned(admin, definition_id, 900)
    }
    rows = list(csv.DictReader(io.StringIO(admin.get("codes/export").text)))
    assert len(rows) == 2_700
    assert {row["code"] for row in rows} == codes


def test_another_tenants_codes_are_in_no_answer(
    admin: AdminClient, other_admin: AdminClient
) -> None:
    coupon = admin.generate_coupons(admin.create_definition()["id"], "ann")[0]
    assert other_admin.get("codes").json == {"coupons": [], "next": None}
    assert len(other_admin.get("codes/export").text.splitlines()) == 1
    expect_refusal(other_admin.get(f"codes/{coupon['id']}"), 404, "COUPON_NOT_FOUND")
    body = {"code": coupon["code"], "user_id": "bob"}
    expect_refusal(other_admin.post("codes/assign", body), 404, "COUPON_NOT_FOUND")
    assert other_admin.post("codes/revoke", {"user_id": "ann"}).json["done"] == 0
    assert admin.get(f"codes/{coupon['id']}").json["status"] == "active"
