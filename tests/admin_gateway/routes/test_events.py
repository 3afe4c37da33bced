"""Tests of milestones over HTTP: stored once before the response, or refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from coupon_core.messaging.cloud_events import to_outgoing_message
from tests.factories.events import (
    CLOUD_EVENT,
    PHOENIX_EVENT,
    list_pending_bodies,
    list_pending_events,
)
from tests.support.admin_client import AdminClient, expect_refusal
from tests.support.databases import on_sqlite


def streak_events(count: int) -> list[dict[str, Any]]:
    return [{**CLOUD_EVENT, "id": f"s{number}"} for number in range(count)]


@pytest.mark.parametrize("path", ["events", "/v1/events", "/v1/events?tenant_id=acme"])
def test_both_envelopes_go_to_the_workers_as_they_came(
    admin: AdminClient, path: str
) -> None:
    first, second = admin.post(path, CLOUD_EVENT), admin.post(path, PHOENIX_EVENT)
    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json == {"status": "accepted", "event_id": "e1"}
    assert second.json == {"status": "accepted", "event_id": "e2"}
    assert list_pending_bodies() == [
        {**CLOUD_EVENT, "tenantid": "acme"},
        {**PHOENIX_EVENT, "tenant_id": "acme"},
    ]


def test_events_find_the_queue_of_their_kind(admin: AdminClient) -> None:
    admin.post("events/bulk", {"events": [CLOUD_EVENT, PHOENIX_EVENT]})
    keys = {to_outgoing_message(event).routing_key for event in list_pending_events()}
    assert keys == {"streak.milestone", "leaderboard.rank"}


def test_a_repeated_id_is_accepted_and_stored_once(admin: AdminClient) -> None:
    for _ in range(3):
        assert admin.post("events", CLOUD_EVENT).status_code == 202
    batch = {"events": [CLOUD_EVENT, CLOUD_EVENT, {**CLOUD_EVENT, "id": "e9"}]}
    assert admin.post("events/bulk", batch).json == {
        "status": "accepted",
        "accepted": 3,
        "event_ids": ["e1", "e1", "e9"],
    }
    assert [body["id"] for body in list_pending_bodies()] == ["e1", "e9"]


def test_two_tenants_may_use_the_same_id(
    admin: AdminClient, other_admin: AdminClient
) -> None:
    assert admin.post("events", CLOUD_EVENT).status_code == 202
    assert other_admin.post("events", CLOUD_EVENT).status_code == 202
    assert {body["tenantid"] for body in list_pending_bodies()} == {"acme", "globex"}


@pytest.mark.parametrize(
    "event",
    [{**CLOUD_EVENT, "tenantid": "globex"}, {**PHOENIX_EVENT, "tenant_id": "globex"}],
)
def test_events_of_another_tenant_are_refused(
    admin: AdminClient, other_admin: AdminClient, event: dict[str, Any]
) -> None:
    expect_refusal(admin.post("events", event), 403, "ACCESS_DENIED")
    expect_refusal(
        admin.post("events/bulk", {"events": [CLOUD_EVENT, event]}),
        403,
        "ACCESS_DENIED",
    )
    assert list_pending_events() == []


def test_a_hundred_are_taken_in_their_order(admin: AdminClient) -> None:
    answer = admin.post("/v1/events/bulk", {"events": streak_events(100)})
    ids = [event["id"] for event in streak_events(100)]
    assert answer.status_code == 202
    assert answer.json == {"status": "accepted", "accepted": 100, "event_ids": ids}
    assert [body["id"] for body in list_pending_bodies()] == ids


@pytest.mark.parametrize("events", [[], streak_events(101), None, {}, "x"])
def test_neither_none_nor_more_than_a_hundred(admin: AdminClient, events: Any) -> None:
    message = expect_refusal(
        admin.post("events/bulk", {"events": events}), 400, "VALIDATION_ERROR"
    )
    assert "events: expected a list of 1 to 100 items" in message
    assert list_pending_events() == []


def test_a_bare_list_is_no_object(admin: AdminClient) -> None:
    expect_refusal(admin.post("events/bulk", [CLOUD_EVENT]), 400, "BAD_JSON")


def test_one_bad_event_refuses_all_and_is_named(admin: AdminClient) -> None:
    events = streak_events(4)
    events[1] = {**CLOUD_EVENT, "data": {"streak_id": "daily", "threshold": 0}}
    events[3] = {**PHOENIX_EVENT, "event_type": "match.completed"}
    answer = admin.post("events/bulk", {"events": events})
    expect_refusal(answer, 400, "VALIDATION_ERROR")
    assert [detail["path"] for detail in answer.json["details"]] == [
        "events.1.data.threshold",
        "events.3.event_type",
    ]
    assert list_pending_events() == []


@on_sqlite
@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"type": "user.login"}, "type"),
        ({"specversion": "2.0"}, "specversion"),
        ({"subject": ""}, "subject"),
        ({"subject": "a/b"}, "subject"),
        ({"id": None}, "id"),
        ({"id": "x" * 129}, "id"),
        ({"tenantid": None}, "tenantid"),
        ({"time": "yesterday"}, "time"),
        ({"data": []}, "data"),
        ({"data": {"threshold": 7}}, "data.streak_id"),
        ({"data": {"streak_id": "s", "threshold": True}}, "data.threshold"),
        ({"data": {"streak_id": "s", "threshold": 7, "run_id": 1}}, "data.run_id"),
    ],
)
def test_what_is_wrong_is_named(
    admin: AdminClient, change: dict[str, Any], path: str
) -> None:
    answer = admin.post("events", {**CLOUD_EVENT, **change})
    expect_refusal(answer, 400, "VALIDATION_ERROR")
    assert answer.json["details"][0]["path"] == path
    assert list_pending_events() == []


def test_a_mebibyte_is_read_and_no_more(admin: AdminClient) -> None:
    answer = post_event_of_size(admin, 1_048_577)
    expect_refusal(answer, 413, "PAYLOAD_TOO_LARGE")
    assert post_event_of_size(admin, 1_048_576).status_code == 202


def post_event_of_size(admin: AdminClient, byte_count: int) -> Any:
    event = {**CLOUD_EVENT, "data": {**CLOUD_EVENT["data"], "note": ""}}
    padding = "x" * (byte_count - len(json.dumps(event)))
    event["data"]["note"] = padding
    headers = {"X-API-Key": admin.plain_key, "Content-Type": "application/json"}
    return admin.post("events", data=json.dumps(event), headers=headers)


def test_cloudevents_own_content_type_is_read(admin: AdminClient) -> None:
    content_type = "application/cloudevents+json; charset=utf-8"
    headers = {"X-API-Key": admin.plain_key, "Content-Type": content_type}
    answer = admin.post("events", data=json.dumps(CLOUD_EVENT), headers=headers)
    assert answer.status_code == 202
