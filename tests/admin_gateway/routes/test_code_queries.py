"""Tests that invalid queries and jobs on codes are refused by name."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.admin_client import AdminClient, expect_refusal

BAD_QUERIES = [
    ("limit=0", "limit"),
    ("limit=501", "limit"),
    ("limit=ten", "limit"),
    ("cursor=", "cursor"),
    ("cursor=AAAA", "cursor"),
    ("cursor=AZNvLm0-flCcd0p8jD-9MvY1oQQ", "cursor"),
    ("status=used", "status"),
    ("batch_id=1", "batch_id"),
    ("definition_id=x", "definition_id"),
    ("code=%00", "control"),
    ("code=a%2Fb", "code"),
    ("user_id=a%2Fb", "user_id"),
    ("generated_from=2025-02-29", "generated_from"),
    ("generated_before=yesterday", "generated_before"),
    ("user_id=a&user_id=b", "user_id"),
]


@pytest.mark.parametrize(("query", "named"), BAD_QUERIES)
def test_a_bad_filter_is_named(
    sqlite_admin: AdminClient, query: str, named: str
) -> None:
    answer = sqlite_admin.get(f"codes?{query}")
    assert named in expect_refusal(answer, 400, "VALIDATION_ERROR")


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({}, "either user_id or batch_id"),
        ({"user_id": "a", "batch_id": "0" * 36}, "batch_id"),
        ({"user_id": "a/b"}, "user_id"),
        ({"all": True}, "all"),
    ],
)
def test_what_to_revoke_must_be_said(
    sqlite_admin: AdminClient, body: dict[str, Any], named: str
) -> None:
    answer = sqlite_admin.post("codes/revoke", body)
    assert named in expect_refusal(answer, 400, "VALIDATION_ERROR")


def test_unknown_batches_and_jobs_are_not_found(sqlite_admin: AdminClient) -> None:
    unknown = "aa0e8400-e29b-41d4-a716-446655440005"
    answer = sqlite_admin.post("codes/revoke", {"batch_id": unknown})
    expect_refusal(answer, 404, "BATCH_NOT_FOUND")
    later = {"batch_id": unknown, "expires_at": "2099-01-01T00:00:00Z"}
    expect_refusal(sqlite_admin.post("codes/extend", later), 404, "BATCH_NOT_FOUND")
    past = later | {"expires_at": "2001-01-01T00:00:00Z"}
    expect_refusal(sqlite_admin.post("codes/extend", past), 400, "EXPIRY_IS_PAST")
    expect_refusal(sqlite_admin.get(f"codes/jobs/{unknown}"), 404, "JOB_NOT_FOUND")
