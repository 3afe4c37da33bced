"""Tests of batches over HTTP, and of users sent as CSV."""

from __future__ import annotations

from typing import Any

import pytest

from coupon_core.domain.models import utc_now
from coupon_core.persistence import database
from coupon_core.services import batches
from tests.support.admin_client import AdminClient, expect_created, expect_refusal
from tests.support.invariants import fetch_rows

CSV = {"Content-Type": "text/csv"}


@pytest.fixture
def path(admin: AdminClient) -> str:
    """Return the generate path of a new definition."""
    return f"coupons/{admin.create_definition()['id']}/generate"


def send(
    admin: AdminClient, path: str, data: bytes, content_type: str = "text/csv"
) -> Any:
    headers = {"X-API-Key": admin.plain_key, "Content-Type": content_type}
    return admin.post(path, data=data, headers=headers)


def expect_accepted(response: Any) -> dict[str, Any]:
    """Return the batch in a response that must be a 202."""
    assert response.status_code == 202, response.json
    return response.json


def generate_all_chunks(admin: AdminClient, batch: dict[str, Any]) -> None:
    """Generate every chunk, as a worker does."""
    stored = batches.get(admin.tenant_id, batch["batch_id"])
    for number in range(1, stored.chunk_count + 1):
        key = admin.tenant_id, batch["batch_id"], number
        batches.generate_chunk(key, utc_now())
    database.release_connection()


def test_many_are_accepted_and_then_made(admin: AdminClient, path: str) -> None:
    answer = admin.post(path, {"count": 1_001})
    batch = expect_accepted(answer)
    where = f"{admin.base_path}/batches/{batch['batch_id']}"
    assert answer.headers["Location"] == where
    assert (batch["state"], batch["requested"], batch["generated"]) == (
        "pending",
        1_001,
        0,
    )
    generate_all_chunks(admin, batch)
    after = admin.get(where).json
    assert (after["state"], after["generated"]) == ("completed", 1_001)
    assert after["finished_at"]


def test_more_users_than_fit_inline_become_a_batch(
    admin: AdminClient, path: str
) -> None:
    users = [f"user-{number}" for number in range(1_001)]
    batch = expect_accepted(admin.post(path, {"user_ids": users}))
    assert (batch["kind"], batch["requested"]) == ("users", 1_001)
    generate_all_chunks(admin, batch)
    held = fetch_rows(
        "SELECT count(DISTINCT user_id) FROM coupon WHERE batch_id IS NOT NULL"
    )
    assert held == [(1_001,)]


def test_ten_million_are_accepted(admin: AdminClient, path: str) -> None:
    batch = expect_accepted(admin.post(path, {"count": 10_000_000}))
    assert batch["requested"] == 10_000_000


def test_a_batch_is_listed_and_cancelled(admin: AdminClient, path: str) -> None:
    batch = expect_accepted(admin.post(path, {"count": 2_000}))
    listed = admin.get("batches?state=pending").json
    assert [item["batch_id"] for item in listed["batches"]] == [batch["batch_id"]]
    where = f"batches/{batch['batch_id']}/cancel"
    assert admin.post(where).json["state"] == "cancelled"
    assert admin.post(where).json["state"] == "cancelled"
    assert admin.get("batches?state=pending").json["total"] == 0
    generate_all_chunks(admin, batch)
    assert fetch_rows("SELECT count(*) FROM coupon") == [(0,)]


def test_what_is_done_cannot_be_cancelled(admin: AdminClient, path: str) -> None:
    batch = expect_accepted(admin.post(path, {"count": 1_001}))
    generate_all_chunks(admin, batch)
    answer = admin.post(f"batches/{batch['batch_id']}/cancel")
    expect_refusal(answer, 409, "BATCH_FINISHED")


@pytest.mark.parametrize("batch_id", ["x", "0198c0de-0000-7000-8000-000000000000"])
def test_an_unknown_batch_is_not_found(admin: AdminClient, batch_id: str) -> None:
    expect_refusal(admin.get(f"batches/{batch_id}"), 404, "BATCH_NOT_FOUND")
    expect_refusal(admin.post(f"batches/{batch_id}/cancel"), 404, "BATCH_NOT_FOUND")


def test_a_large_batch_of_a_paused_definition_is_refused(admin: AdminClient) -> None:
    definition_id = admin.create_definition()["id"]
    admin.post(f"coupons/{definition_id}/pause")
    answer = admin.post(f"coupons/{definition_id}/generate", {"count": 5_000})
    expect_refusal(answer, 409, "DEFINITION_NOT_ACTIVE")
    assert admin.get("batches").json["total"] == 0


def test_a_large_batch_of_a_custom_code_needs_users(admin: AdminClient) -> None:
    config = {"code_format": "custom", "custom_code": "SAVE10"}
    definition_id = admin.create_definition(**config)["id"]
    answer = admin.post(f"coupons/{definition_id}/generate", {"count": 5_000})
    expect_refusal(answer, 400, "CUSTOM_NEEDS_USERS")


def test_a_batch_beyond_the_code_space_is_refused(admin: AdminClient) -> None:
    definition_id = admin.create_definition(code_length=4)["id"]
    path = f"coupons/{definition_id}/generate"
    expect_refusal(admin.post(path, {"count": 461_761}), 409, "CODE_SPACE_TOO_SMALL")
    expect_accepted(admin.post(path, {"count": 461_760}))
    expect_refusal(admin.post(path, {"count": 1}), 409, "CODE_SPACE_TOO_SMALL")


def test_the_room_for_codes_is_told(admin: AdminClient) -> None:
    definition_id = admin.create_definition(code_pattern="SUMMER-####")["id"]
    admin.generate_coupons(definition_id, "a", "b")
    expect_accepted(admin.post(f"coupons/{definition_id}/generate", {"count": 1_500}))
    assert admin.get(f"coupons/{definition_id}/capacity").json == {
        "definition_id": definition_id,
        "space": 4_096,
        "limit": 2_048,
        "used": 2,
        "reserved": 1_500,
        "remaining": 546,
        "used_share": 2 / 4_096,
        "one_guess_in": 2_048,
    }


def test_a_pattern_says_how_long_codes_are(admin: AdminClient) -> None:
    config = {
        "reward_item_id": admin.create_reward_item()["item_id"],
        "code_pattern": "####",
        "code_length": 8,
    }
    answer = admin.post("coupons", {"name": "Both", "config": config})
    assert "config.code_length" in expect_refusal(answer, 400, "VALIDATION_ERROR")


# --------------------------------------------------------------------- users as CSV

EQUIVALENT_FILES = [
    b"user_id\nann\nbob\n",
    b"\xef\xbb\xbfuser_id\r\nann\r\n\r\nbob",
    b'"user_id"\n"ann"\n\nbob\nann\n',
]


@pytest.mark.parametrize("data", EQUIVALENT_FILES)
def test_users_may_come_as_csv(admin: AdminClient, path: str, data: bytes) -> None:
    coupons = expect_created(send(admin, path, data))["coupons"]
    assert [coupon["user_id"] for coupon in coupons] == ["ann", "bob"]


def test_what_a_csv_cannot_say_the_query_does(admin: AdminClient, path: str) -> None:
    url = f"{path}?expires_at=2030-01-01T00:00:00Z"
    assert (
        expect_created(send(admin, url, b"user_id\nann"))["coupons"][0]["expires_at"][
            :4
        ]
        == "2030"
    )
    expect_refusal(
        send(admin, f"{path}?expires_at=soon", b"user_id\nann"), 400, "VALIDATION_ERROR"
    )


def test_many_users_as_csv_become_a_batch(admin: AdminClient, path: str) -> None:
    users = (f"üser {number}" for number in range(12_000))
    data = "\n".join(["user_id", *users]).encode()
    batch = expect_accepted(send(admin, path, data))
    generate_all_chunks(admin, batch)
    assert fetch_rows("SELECT count(DISTINCT user_id) FROM coupon") == [(12_000,)]


@pytest.mark.parametrize(
    ("data", "named"),
    [
        (b"", "line 1"),
        (b"user_id\n", "line 1"),
        (b"user_id\nb/b\n", "line 2"),
        (b"user_id\nbob,2\n", "line 2: expected one column, user_id, found 2"),
        (b"user_id\nb\x00b\n", "line 2"),
        (b"user_id\n\xff\n", "UTF-8"),
        (b'user_id\n"bob\n', "quote"),
        (b"user_id\n" + b"x" * 129, "line 2"),
    ],
)
def test_a_bad_line_is_named_and_nobody_gets_anything(
    admin: AdminClient, path: str, data: bytes, named: str
) -> None:
    assert named in expect_refusal(send(admin, path, data), 400, "VALIDATION_ERROR")
    assert fetch_rows("SELECT count(*) FROM coupon") == [(0,)]


def test_every_bad_line_is_told_up_to_a_hundred(admin: AdminClient, path: str) -> None:
    answer = send(admin, path, b"user_id\n" + b"a/b\n" * 150)
    details = answer.json["details"]
    assert len(details) == 100
    assert details[0]["path"] == "line 2"


@pytest.mark.parametrize(
    ("kind", "status"),
    [("text/csv; charset=latin-1", 415), ("text/plain", 415), ("TEXT/CSV", 201)],
)
def test_what_a_body_is_labelled_as_counts(
    admin: AdminClient, path: str, kind: str, status: int
) -> None:
    assert send(admin, path, b"user_id\nann", kind).status_code == status


def test_a_body_that_is_too_large_is_refused(admin: AdminClient, path: str) -> None:
    data = b"x" * (33_554_432 + 1)
    expect_refusal(send(admin, path, data), 413, "PAYLOAD_TOO_LARGE")
    body = b'{"user_ids": ["' + b"x" * 16_777_216 + b'"]}'
    answer = send(admin, path, body, "application/json")
    expect_refusal(answer, 413, "PAYLOAD_TOO_LARGE")
