"""Milestones and dead letters from a shell, on a bus that runs."""

from __future__ import annotations

import json
from typing import Any

import pytest
from kombu import Connection

from coupon_core import bootstrap
from coupon_core.domain.models import utc_now
from coupon_core.messaging.cloud_events import Outgoing
from coupon_core.messaging.inspection import publish
from coupon_core.messaging.topology import OUT
from coupon_core.persistence import database
from coupon_core.schemas.milestone_events import milestone_of
from tests.events import CLOUD, bodies
from tests.letters import buried
from tests.settings import settings_for
from tests.shells import Shell, listening

NOBODYS = "01890000-0000-7000-8000-000000000000"
STREAK = "streak.milestone_reached", json.dumps(CLOUD["data"])


def sent(shell: Shell, queue: str = "coupons.streak") -> dict[str, Any]:
    """The oldest message of a queue, as any other kombu reads it."""
    with Connection(shell.env["COUPON_BROKER_URL"]) as bus:
        box = bus.SimpleQueue(queue)
        message = box.get(timeout=5)
        message.ack()
        box.close()
        return json.loads(message.body)


def published(shell: Shell, *options: str, data: str = STREAK[1]) -> dict[str, str]:
    words = "--tenant", "acme", "--user", "ann", "--data", data, *options
    return shell.json("event", "publish", STREAK[0], *words)


@pytest.mark.parametrize("options", [(), ("--phoenix",)])
def test_a_published_milestone_is_what_workers_read(
    bus_shell: Shell, options: tuple[str, ...]
) -> None:
    answer = published(bus_shell, *options)
    assert answer["routing_key"] == "streak.milestone"
    milestone = milestone_of(sent(bus_shell), utc_now())
    assert milestone.event_id == answer["event_id"]
    assert (milestone.tenant_id, milestone.user_id) == ("acme", "ann")
    assert (milestone.source_id, milestone.value) == ("daily", 7)


def test_id_and_source_are_ones_own_if_wanted(bus_shell: Shell) -> None:
    answer = published(bus_shell, "--id", "e1", "--source", "/game")
    assert answer["event_id"] == "e1"
    message = sent(bus_shell)
    assert (message["id"], message["source"]) == ("e1", "/game")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ('{"streak_id": "daily"}', "data.threshold: missing"),
        ('{"streak_id": "daily", "threshold": "7"}', "data.threshold: expected"),
    ],
)
def test_what_workers_would_bury_is_not_published(
    bus_shell: Shell, data: str, said: str
) -> None:
    words = "--tenant", "acme", "--user", "ann", "--data", data
    assert said in bus_shell.refused("event", "publish", STREAK[0], *words)
    queues = bus_shell.json("queue", "status")["queues"]
    assert sum(queue["messages"] for queue in queues) == 0


def test_unknown_types_and_data_that_is_none_are_misuse(quick_shell: Shell) -> None:
    whose = "--tenant", "acme", "--user", "ann", "--data"
    said = quick_shell.misused("event", "publish", "user.login", *whose, "{}")
    assert "streak.milestone_reached" in said
    said = quick_shell.misused("event", "publish", STREAK[0], *whose, "[1]")
    assert "a JSON object was expected" in said
    nan = '{"streak_id": "daily", "threshold": NaN}'
    assert "NaN" in quick_shell.misused("event", "publish", STREAK[0], *whose, nan)


@pytest.mark.parametrize("url", ["redis://127.0.0.1:1/0", "amqp://u:pw@127.0.0.1:1//"])
def test_a_bus_that_is_away_is_one_sentence(quick_shell: Shell, url: str) -> None:
    away = Shell({**quick_shell.env, "COUPON_BROKER_URL": url})
    words = "--tenant", "acme", "--user", "ann", "--data", STREAK[1]
    said = away.refused("event", "publish", STREAK[0], *words)
    assert "127.0.0.1:1" in said
    assert "COUPON_BROKER_URL" in said
    assert "pw" not in said


def test_tail_shows_what_goes_out_of_one_tenant(bus_shell: Shell) -> None:
    def gone_out(tenant_id: str, number: int) -> Outgoing:
        event = {"id": f"{tenant_id}{number}", "tenantid": tenant_id, "data": {}}
        return Outgoing(OUT, "coupon.generated", json.dumps(event).encode())

    words = "event", "tail", "--tenant", "acme", "--count", "2", "--json"
    with listening(bus_shell.env, *words) as tail:
        for number in range(2):
            for tenant_id in ("globex", "acme"):
                url = bus_shell.env["COUPON_BROKER_URL"]
                publish(url, gone_out(tenant_id, number))
        output, _ = tail.communicate(timeout=30)
    assert tail.returncode == 0
    ids = [json.loads(line)["id"] for line in output.splitlines()]
    assert ids == ["acme0", "acme1"]
    with Connection(bus_shell.env["COUPON_BROKER_URL"]) as bus:
        assert bus.default_channel.client.keys("*listener*") == []


@pytest.fixture
def letters(shell: Shell) -> Shell:
    """A shell with a good letter, a bad one, and one of nobody."""
    shell.tenant()
    bootstrap.start(settings_for(shell.env["COUPON_DATABASE_URL"]))
    buried("acme", json.dumps({**CLOUD, "tenantid": "acme"}).encode())
    buried("acme", b"\xff")
    buried("", b"{}")
    database.close_database()
    return shell


def ids_of(shell: Shell, *words: str) -> list[str]:
    listed = shell.json("event", "dead", "list", *words)
    assert listed["total"] == len(listed["dead_letters"])
    return [letter["id"] for letter in listed["dead_letters"]]


def test_letters_of_all_tenants_or_of_one(letters: Shell) -> None:
    assert len(ids_of(letters)) == 3
    assert ids_of(letters, "--tenant", "acme") == ids_of(letters)[1:]
    shown = letters.json("event", "dead", "show", ids_of(letters)[1])
    assert (shown["tenant_id"], shown["body_encoding"]) == ("acme", "base64")


def test_all_that_can_be_are_retried_and_the_others_named(letters: Shell) -> None:
    nobodys, bad, good = ids_of(letters)
    answer = letters.json("event", "dead", "retry", "--all", status=1)
    assert sorted(answer["retried"]) == sorted([good, nobodys])
    assert [one["id"] for one in answer["refused"]] == [bad]
    assert "can only be dropped" in answer["refused"][0]["reason"]
    assert ids_of(letters) == [bad]
    bootstrap.start(settings_for(letters.env["COUPON_DATABASE_URL"]))
    assert {**CLOUD, "tenantid": "acme"} in bodies()
    database.close_database()


def test_letters_are_dropped_one_by_one_or_all(letters: Shell) -> None:
    first, *_ = ids_of(letters, "--tenant", "acme")
    assert letters.json("event", "dead", "drop", first)["dropped"] == [first]
    rest = ids_of(letters, "--tenant", "acme")
    words = "event", "dead", "drop", "--all", "--tenant", "acme"
    assert letters.json(*words)["dropped"] == rest
    assert len(ids_of(letters)) == 1


def test_a_letter_that_is_not_there(letters: Shell) -> None:
    assert letters.refused("event", "dead", "show", NOBODYS) == "Dead letter not found"
    for act in ("retry", "drop"):
        answer = letters.json("event", "dead", act, NOBODYS, status=1)
        assert answer["refused"][0]["reason"] == "Dead letter not found"
        assert "either an id or --all" in letters.misused("event", "dead", act)
