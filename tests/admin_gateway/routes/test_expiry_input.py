"""Tests that times, null and past expiries are refused by name on every route."""

from __future__ import annotations

from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.support.admin_client import AdminClient, expect_refusal
from tests.support.databases import on_sqlite

PAST = "2001-02-03T04:05:06Z"
PROBLEMS = {
    "2027-02-29": "2027-02 has the days 01 to 28",
    "31.12.2026": "year-month-day",
    "2030-12-31T23:59Z": "has no seconds",
    "2030-12-31T23:59:59Z1": "has no offset",
}


def generate(admin: AdminClient, expires_at: str) -> TestResponse:
    path = f"coupons/{admin.create_definition('G')['id']}/generate"
    return admin.post(path, {"count": 2, "expires_at": expires_at})


def generate_batch(admin: AdminClient, expires_at: str) -> TestResponse:
    path = f"coupons/{admin.create_definition('B')['id']}/generate"
    return admin.post(path, {"count": 2_000, "expires_at": expires_at})


def generate_for_file(admin: AdminClient, expires_at: str) -> TestResponse:
    path = f"coupons/{admin.create_definition('F')['id']}/generate"
    return admin.upload_csv(f"{path}?expires_at={expires_at}", "user_id\nann\n")


def extend(admin: AdminClient, expires_at: str) -> TestResponse:
    definition_id = admin.create_definition("E")["id"]
    job = admin.upload_csv(f"coupons/{definition_id}/import", "code\nEXTEND1\n").json
    body = {"batch_id": job["job_id"], "expires_at": expires_at}
    return admin.post("codes/extend", body)


ROUTES = [generate, generate_batch, generate_for_file, extend]


@pytest.mark.parametrize("route", ROUTES)
def test_an_expiry_in_the_past_is_refused(admin: AdminClient, route: Any) -> None:
    message = expect_refusal(route(admin, PAST), 400, "EXPIRY_IS_PAST")
    assert message == (
        f"expires_at: {PAST} is in the past; expected a time in the future"
    )
    assert [row["code"] for row in admin.get("codes").json["coupons"]] in (
        [],
        ["EXTEND1"],
    )


def test_an_invalid_parameter_is_not_reported_as_a_part_of_the_body(
    admin: AdminClient,
) -> None:
    answer = generate_for_file(admin, "2027-02-29")
    message = expect_refusal(answer, 400, "VALIDATION_ERROR")
    assert message.startswith("Invalid query: expires_at:")
    assert [detail["target"] for detail in answer.json["details"]] == ["query"]


@pytest.mark.parametrize("kind", ["api-keys", "client-keys"])
def test_a_key_that_has_expired_already_is_refused_with_its_expiry(
    admin: AdminClient, kind: str
) -> None:
    body = {"name": "CI", "expires_at": PAST}
    members = {"kind": "mambo"} if kind == "client-keys" else {"scopes": ["read"]}
    message = expect_refusal(admin.post(kind, body | members), 400, "VALIDATION_ERROR")
    expected = f"expires_at: {PAST} is in the past; expected a time in the future"
    assert message == f"Invalid body: {expected}"


def test_imported_lines_with_an_expiry_in_the_past_are_refused(
    admin: AdminClient,
) -> None:
    path = f"coupons/{admin.create_definition()['id']}/import"
    text = f"code,expires_at\nA1,{PAST}\nB2,\n"
    answer = admin.upload_csv(path, text)
    expect_refusal(answer, 400, "BAD_LINES")
    (detail,) = answer.json["details"]
    assert detail["path"] == "line 2"
    assert PAST in detail["message"]
    partly = admin.upload_csv(f"{path}?partial=true", text)
    assert (partly.status_code, partly.json["done"]) == (201, 1)


@on_sqlite
@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("text", PROBLEMS)
def test_the_problem_of_a_time_is_named(
    admin: AdminClient, route: Any, text: str
) -> None:
    message = expect_refusal(route(admin, text), 400, "VALIDATION_ERROR")
    assert f'expires_at: "{text}"' in message
    assert PROBLEMS[text] in message


def test_the_problem_of_an_imported_time_is_named(admin: AdminClient) -> None:
    path = f"coupons/{admin.create_definition()['id']}/import"
    lines = "\n".join(f"A{number},{text}" for number, text in enumerate(PROBLEMS))
    answer = admin.upload_csv(path, f"code,expires_at\n{lines}\n")
    messages = [detail["message"] for detail in answer.json["details"]]
    assert len(messages) == len(PROBLEMS)
    for message, (text, problem) in zip(messages, PROBLEMS.items(), strict=True):
        assert f'expires_at: "{text}"' in message
        assert problem in message


def test_null_as_a_usage_limit_says_how_to_have_none(sqlite_admin: AdminClient) -> None:
    reward = {"reward_item_id": sqlite_admin.create_reward_item()["item_id"]}
    body = {"name": "Null", "config": {**reward, "usage_limit": None}}
    message = expect_refusal(
        sqlite_admin.post("coupons", body), 400, "VALIDATION_ERROR"
    )
    assert message.startswith("Invalid body: config.usage_limit: expected an object, ")
    assert '{"limit_type": "unlimited"}' in message


@pytest.mark.parametrize("value", [1, "per_user", []])
def test_a_value_that_is_no_object_is_told_the_members(
    sqlite_admin: AdminClient, value: Any
) -> None:
    reward = {"reward_item_id": sqlite_admin.create_reward_item()["item_id"]}
    body = {"name": "Object", "config": {**reward, "usage_limit": value}}
    message = expect_refusal(
        sqlite_admin.post("coupons", body), 400, "VALIDATION_ERROR"
    )
    assert "expected an object with the members limit_type, max_uses" in message
