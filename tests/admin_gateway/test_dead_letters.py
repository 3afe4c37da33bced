"""Dead letters over HTTP: only one's own, whole, tried again or dropped."""

from __future__ import annotations

import base64
import json

import pytest

from coupon_core.services.events.dead_letters import MOST_BYTES
from tests.admin_client import Admin, refused
from tests.events import CLOUD, bodies, stored
from tests.letters import STREAK, buried

NOBODYS = "01890000-0000-7000-8000-000000000000"


def test_a_letter_shows_what_came_and_why(admin: Admin) -> None:
    letter_id = buried("acme", b'{"a": "\xc3\xa4"}', why="no event")
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
def test_what_is_no_text_comes_in_base64(admin: Admin, body: bytes) -> None:
    shown = admin.get(f"dead-letters/{buried('acme', body)}").json
    assert shown["body_encoding"] == "base64"
    assert base64.b64decode(shown["body"]) == body


def test_the_first_64_kib_are_kept(admin: Admin) -> None:
    shown = admin.get(f"dead-letters/{buried('acme', b'x' * 70_000)}").json
    assert shown["body"] == "x" * MOST_BYTES


def test_the_list_is_newest_first_and_in_pages(admin: Admin) -> None:
    ids = [buried("acme") for _ in range(3)]
    buried("")
    page = admin.get("dead-letters?limit=2&offset=1").json
    assert page["total"] == 3
    assert [letter["id"] for letter in page["dead_letters"]] == [ids[1], ids[0]]


def test_letters_of_others_answer_like_missing_ones(admin: Admin, other: Admin) -> None:
    for letter_id in (buried("acme"), buried(""), NOBODYS, "x"):
        path = f"dead-letters/{letter_id}"
        for answer in (other.get(path), other.post(f"{path}/retry")):
            refused(answer, 404, "DEAD_LETTER_NOT_FOUND")
        refused(other.delete(path), 404, "DEAD_LETTER_NOT_FOUND")
    assert other.get("dead-letters").json == {"dead_letters": [], "total": 0}
    assert admin.get("dead-letters").json["total"] == 1


def test_a_retried_letter_goes_to_its_queue_and_is_gone(admin: Admin) -> None:
    event = {**CLOUD, "tenantid": "acme"}
    path = f"dead-letters/{buried('acme', json.dumps(event).encode())}"
    answer = admin.post(f"{path}/retry")
    assert (answer.status_code, answer.json) == (202, {"status": "accepted"})
    assert bodies() == [event]
    refused(admin.post(f"{path}/retry"), 404, "DEAD_LETTER_NOT_FOUND")


@pytest.mark.parametrize(
    ("body", "of"), [(b"\xff", STREAK), (b"{}", ("coupons.generation", "x"))]
)
def test_what_no_queue_can_take_stays(
    admin: Admin, body: bytes, of: tuple[str, str]
) -> None:
    path = f"dead-letters/{buried('acme', body, of)}"
    refused(admin.post(f"{path}/retry"), 409, "DEAD_LETTER_UNREADABLE")
    assert admin.get(path).status_code == 200
    assert stored() == []


def test_a_dropped_letter_is_gone(admin: Admin) -> None:
    path = f"dead-letters/{buried('acme')}"
    assert admin.delete(path).status_code == 204
    refused(admin.get(path), 404, "DEAD_LETTER_NOT_FOUND")
    refused(admin.delete(path), 404, "DEAD_LETTER_NOT_FOUND")
    assert stored() == []
