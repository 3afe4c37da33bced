"""Explanations and searches over HTTP: what they accept, and who sees whole codes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.admin_client import AdminClient, expect_created, expect_refusal

NEAR = "summer-l0"


@pytest.fixture
def code(admin: AdminClient) -> str:
    admin.create_definition(
        "Summer", code_format="custom", custom_code="SUMMER-10", claimable=True
    )
    return "SUMMER-10"


def list_codes(hits: list[dict[str, Any]]) -> list[str]:
    return [hit["code"] for hit in hits]


def test_codes_are_whole_only_for_keys_that_may_export_them(
    admin: AdminClient, code: str
) -> None:
    key = expect_created(admin.post("api-keys", {"name": "s", "scopes": ["read"]}))
    reader = {"X-API-Key": key["api_key"]}
    seen = [
        list_codes(found)
        for headers in ({"X-API-Key": admin.plain_key}, reader)
        for found in (
            admin.get(f"codes/search?q={NEAR}", headers=headers).json["hits"],
            admin.post("codes/explain", {"code": NEAR}, headers=headers).json[
                "near_matches"
            ],
        )
    ]
    assert seen == [[code], [code], ["SU******0"], ["SU******0"]]


def test_an_explanation_answers_with_all_documented_members(
    admin: AdminClient,
) -> None:
    definition_id = admin.create_definition()["id"]
    (coupon,) = admin.generate_coupons(definition_id, "ann")
    admin.post("users", {"user_id": "ann"})
    for user_id in ("ann", "bob"):
        body = {"code": coupon["code"], "user_id": user_id, "at": "2030-01-31"}
        answer = admin.post("codes/explain", body).json
        assert answer["redeemable"] == (user_id == "ann")
        assert answer["at"] == "2030-01-31T00:00:00Z"
    admin.post(f"coupons/{definition_id}/suspend")
    answer = admin.post("codes/explain", {"code": coupon["code"]}).json
    assert answer["error_code"] == "COUPON_SUSPENDED"
    assert answer["state"].startswith("The definition, its campaign or the batch")


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({}, "code"),
        ({"code": ""}, "code"),
        ({"code": 7}, "code"),
        ({"code": "A", "user_id": "a/b"}, "user_id"),
        ({"code": "A", "at": "tomorrow"}, "at"),
        ({"code": "A", "guess": True}, "guess"),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
def test_a_bad_request_for_an_explanation_is_named(
    sqlite_admin: AdminClient, body: dict[str, Any], named: str
) -> None:
    answer = sqlite_admin.post("codes/explain", body)
    assert named in expect_refusal(answer, 400, "VALIDATION_ERROR")


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("", "q"),
        ("q=", "q"),
        ("q=" + "a" * 256, "q"),
        ("q=abcd&limit=51", "limit"),
        ("q=abcd&limit=0", "limit"),
        ("q=abcd&code=x", "code"),
        ("q=a&q=b", "q"),
    ],
)
def test_a_bad_search_is_named(
    sqlite_admin: AdminClient, query: str, named: str
) -> None:
    answer = sqlite_admin.get(f"codes/search?{query}")
    assert named in expect_refusal(answer, 400, "VALIDATION_ERROR")


def test_text_that_no_code_has_is_answered_like_an_unknown_code(
    sqlite_admin: AdminClient,
) -> None:
    for text in ("\u0130stanbul", "a" * 2_000, "' OR 1=1 --", "%", "\U0001f381"):
        answer = sqlite_admin.post("codes/explain", {"code": text})
        assert (answer.status_code, answer.json["coupon"]) == (200, None)
        assert answer.json["state"].startswith("No such code")
        found = sqlite_admin.get("codes/search", query_string={"q": text[:255]})
        assert found.json == {"hits": []}
