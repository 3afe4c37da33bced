"""Tests of dead letters over HTTP: tenant isolation, content, retry, drop."""

from __future__ import annotations

import base64
import json

import pytest

from coupon_core.services.events.dead_letters import MAX_BODY_BYTES
from tests.factories.dead_letters import STREAK_ROUTE, create_dead_letter
from tests.factories.events import CLOUD_EVENT, list_pending_bodies, list_pending_events
from tests.support.admin_client import AdminClient, expect_refusal

UNKNOWN_ID = "01890000-0000-7000-8000-000000000000"


def test_a_letter_shows_what_came_and_why(admin: AdminClient) -> None:
    letter_id = create_dead_letter("acme", b'{"a": "\xc3\xa4"}', reason="no event")
    shown = admin.get(f"dead-letters/{letter_id}").json
    assert shown.pop("received_at").endswith("Z")
    assert shown == {
        "id": letter_id,
        "tenant_id": "acme",
        "queue": "coupons.streak",
        "routing_key": "streak.milestone",
        "content_type": "application/json",
        "reason": "no event",
        "body": '{"a": "ä"}',
        "body_encoding": "text",
    }


@pytest.mark.parametrize("body", [b"\xff\x00", b"a\x00b", b"\xed\xa0\x80"])
def test_what_is_no_text_comes_in_base64(admin: AdminClient, body: bytes) -> None:
    shown = admin.get(f"dead-letters/{create_dead_letter('acme', body)}").json
    assert shown["body_encoding"] == "base64"
    assert base64.b64decode(shown["body"]) == body


def test_the_first_64_kib_are_kept(admin: AdminClient) -> None:
    shown = admin.get(f"dead-letters/{create_dead_letter('acme', b'x' * 70_000)}").json
    assert shown["body"] == "x" * MAX_BODY_BYTES


def test_the_list_is_newest_first_and_in_pages(admin: AdminClient) -> None:
    ids = [create_dead_letter("acme") for _ in range(3)]
    create_dead_letter("")
    page = admin.get("dead-letters?limit=2&offset=1").json
    assert page["total"] == 3
    assert [letter["id"] for letter in page["dead_letters"]] == [ids[1], ids[0]]


def test_letters_of_others_answer_like_missing_ones(
    admin: AdminClient, other_admin: AdminClient
) -> None:
    for letter_id in (
        create_dead_letter("acme"),
        create_dead_letter(""),
        UNKNOWN_ID,
        "x",
    ):
        path = f"dead-letters/{letter_id}"
        for answer in (other_admin.get(path), other_admin.post(f"{path}/retry")):
            expect_refusal(answer, 404, "DEAD_LETTER_NOT_FOUND")
        expect_refusal(other_admin.delete(path), 404, "DEAD_LETTER_NOT_FOUND")
    assert other_admin.get("dead-letters").json == {"dead_letters": [], "total": 0}
    assert admin.get("dead-letters").json["total"] == 1


def test_a_retried_letter_goes_to_its_queue_and_is_gone(admin: AdminClient) -> None:
    event = {**CLOUD_EVENT, "tenantid": "acme"}
    path = f"dead-letters/{create_dead_letter('acme', json.dumps(event).encode())}"
    answer = admin.post(f"{path}/retry")
    assert (answer.status_code, answer.json) == (202, {"status": "accepted"})
    assert list_pending_bodies() == [event]
    expect_refusal(admin.post(f"{path}/retry"), 404, "DEAD_LETTER_NOT_FOUND")


@pytest.mark.parametrize(
    ("body", "of"), [(b"\xff", STREAK_ROUTE), (b"{}", ("coupons.generation", "x"))]
)
def test_what_no_queue_can_take_stays(
    admin: AdminClient, body: bytes, of: tuple[str, str]
) -> None:
    path = f"dead-letters/{create_dead_letter('acme', body, of)}"
    expect_refusal(admin.post(f"{path}/retry"), 409, "DEAD_LETTER_UNREADABLE")
    assert admin.get(path).status_code == 200
    assert list_pending_events() == []


def test_a_dropped_letter_is_gone(admin: AdminClient) -> None:
    path = f"dead-letters/{create_dead_letter('acme')}"
    assert admin.delete(path).status_code == 204
    expect_refusal(admin.get(path), 404, "DEAD_LETTER_NOT_FOUND")
    expect_refusal(admin.delete(path), 404, "DEAD_LETTER_NOT_FOUND")
    assert list_pending_events() == []
