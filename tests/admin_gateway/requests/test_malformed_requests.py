"""Tests that every route refuses requests that cannot be parsed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.admin_client import AdminClient, expect_refusal

COUPONS = "coupons/550e8400-e29b-41d4-a716-446655440000"
REWARDS = "rewards/550e8400-e29b-41d4-a716-446655440000"
NESTED_OBJECT: Any = {"a": 1}
for _ in range(20):
    NESTED_OBJECT = {"a": NESTED_OBJECT}

BODIES = [
    b"",
    b"[]",
    b"null",
    b'"text"',
    b"{",
    b'{"name":"a","name":"b"}',
    b'{"name":NaN}',
    b'{"name":1e400}',
    b'{"name":"\\u0000"}',
    b'{"name":"\\ud800"}',
    b'{"name":"\xff"}',
    b"\xef\xbb\xbf{}",
    json.dumps({"name": "a", "payload": NESTED_OBJECT}).encode(),
]
ROUTES = [
    "POST rewards",
    f"PUT {REWARDS}",
    f"PATCH {REWARDS}",
    "POST coupons",
    f"PUT {COUPONS}",
    f"PATCH {COUPONS}",
    f"POST {COUPONS}/generate",
    f"POST {COUPONS}/coupons/revoke",
    "POST api-keys",
]


@pytest.mark.parametrize("route", ROUTES)
def test_every_route_reads_json_to_the_letter(
    sqlite_admin: AdminClient, route: str
) -> None:
    method, path = route.split()
    for body in BODIES:
        options = {"data": body, "content_type": "application/json"}
        answer = sqlite_admin.call(method, path, **options)
        expect_refusal(answer, 400, "BAD_JSON")
    form = {"data": b"name=a", "content_type": "application/x-www-form-urlencoded"}
    answer = sqlite_admin.call(method, path, **form)
    expect_refusal(answer, 415, "UNSUPPORTED_MEDIA_TYPE")


@pytest.mark.parametrize("route", ROUTES)
def test_every_route_has_a_limit(sqlite_admin: AdminClient, route: str) -> None:
    method, path = route.split()
    max_bytes = 16_777_216 if path.endswith("generate") else 65_536
    body = b'{"name":"' + b"x" * max_bytes + b'"}'
    options = {"data": body, "content_type": "application/json"}
    expect_refusal(sqlite_admin.call(method, path, **options), 413, "PAYLOAD_TOO_LARGE")


@pytest.mark.parametrize(
    "path", ["rewards", "coupons", "api-keys", f"{COUPONS}/coupons", "coupons/codes/A"]
)
@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=501",
        "limit=",
        "limit=1.0",
        "limit=+1",
        "limit=01",
        "limit=1e2",
        "limit=1&limit=2",
        "limit=%zz",
        "limit=%ff",
        "offset=-1",
        "offset=x",
    ],
)
def test_pages_are_strict(sqlite_admin: AdminClient, path: str, query: str) -> None:
    expect_refusal(sqlite_admin.get(f"{path}?{query}"), 400, "VALIDATION_ERROR")


@pytest.mark.parametrize(
    "path",
    [
        "rewards?reward_type=",
        "coupons?status=gone",
        "coupons?name=",
        f"{COUPONS}/coupons?status=gone",
        f"{COUPONS}/coupons?user_id=a/b",
        f"{COUPONS}/coupons?code=a%20b",
        "/v1/reward-items?tenant_id=acme&tenant_id=acme",
    ],
)
def test_filters_are_strict(sqlite_admin: AdminClient, path: str) -> None:
    expect_refusal(sqlite_admin.get(path), 400, "VALIDATION_ERROR")


@pytest.mark.parametrize(
    "path", ["rewards%2Fx", "rewards/%00", "rewards/%ff", "rewards/../coupons"]
)
def test_paths_have_one_reading(sqlite_admin: AdminClient, path: str) -> None:
    raw = f"{sqlite_admin.base_path}/{path}"
    options = {"environ_overrides": {"RAW_URI": raw}}
    expect_refusal(sqlite_admin.get("rewards", **options), 400, "BAD_PATH")
