"""`couponctl event` on a running bus."""

from __future__ import annotations

import json
from typing import Any

import pytest
from kombu import Connection

from coupon_core import bootstrap
from coupon_core.domain.models import utc_now
from coupon_core.messaging.cloud_events import OutgoingMessage
from coupon_core.messaging.inspection import publish
from coupon_core.messaging.topology import OUT_EXCHANGE
from coupon_core.persistence import database
from coupon_core.schemas.milestone_events import parse_milestone
from tests.factories.dead_letters import create_dead_letter
from tests.factories.events import CLOUD_EVENT, list_pending_bodies
from tests.support.cli_runner import CouponctlRunner, listening_couponctl
from tests.support.settings import build_settings

UNKNOWN_ID = "01890000-0000-7000-8000-000000000000"
STREAK = "streak.milestone_reached", json.dumps(CLOUD_EVENT["data"])


def receive_message(
    runner: CouponctlRunner, queue: str = "coupons.streak"
) -> dict[str, Any]:
    """Receive the oldest message of a queue with a separate kombu connection."""
    with Connection(runner.env["COUPON_BROKER_URL"]) as bus:
        simple_queue = bus.SimpleQueue(queue)
        message = simple_queue.get(timeout=60)
        message.ack()
        simple_queue.close()
        return json.loads(message.body)


def publish_milestone(
    runner: CouponctlRunner, *options: str, data: str = STREAK[1]
) -> dict[str, str]:
    arguments = "--tenant", "acme", "--user", "ann", "--data", data, *options
    return runner.json("event", "publish", STREAK[0], *arguments)


@pytest.mark.parametrize("options", [(), ("--phoenix",)])
def test_a_published_milestone_is_what_workers_read(
    cli_with_broker: CouponctlRunner, options: tuple[str, ...]
) -> None:
    answer = publish_milestone(cli_with_broker, *options)
    assert answer["routing_key"] == "streak.milestone"
    milestone = parse_milestone(receive_message(cli_with_broker), utc_now())
    assert milestone.event_id == answer["event_id"]
    assert (milestone.tenant_id, milestone.user_id) == ("acme", "ann")
    assert (milestone.source_id, milestone.value) == ("daily", 7)


def test_id_and_source_are_ones_own_if_wanted(cli_with_broker: CouponctlRunner) -> None:
    answer = publish_milestone(cli_with_broker, "--id", "e1", "--source", "/game")
    assert answer["event_id"] == "e1"
    message = receive_message(cli_with_broker)
    assert (message["id"], message["source"]) == ("e1", "/game")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ('{"streak_id": "daily"}', "data.threshold: missing"),
        ('{"streak_id": "daily", "threshold": "7"}', "data.threshold: expected"),
    ],
)
def test_what_workers_would_bury_is_not_published(
    cli_with_broker: CouponctlRunner, data: str, message: str
) -> None:
    arguments = "--tenant", "acme", "--user", "ann", "--data", data
    assert message in cli_with_broker.expect_refusal(
        "event", "publish", STREAK[0], *arguments, status=2
    )
    queues = cli_with_broker.json("queue", "status")["queues"]
    assert sum(queue["messages"] for queue in queues) == 0


def test_unknown_types_and_data_that_is_none_are_misuse(
    cli_without_tables: CouponctlRunner,
) -> None:
    options = "--tenant", "acme", "--user", "ann", "--data"
    message = cli_without_tables.expect_usage_error(
        "event", "publish", "user.login", *options, "{}"
    )
    assert "streak.milestone_reached" in message
    message = cli_without_tables.expect_usage_error(
        "event", "publish", STREAK[0], *options, "[1]"
    )
    assert "a JSON object was expected" in message
    nan = '{"streak_id": "daily", "threshold": NaN}'
    assert "NaN" in cli_without_tables.expect_usage_error(
        "event", "publish", STREAK[0], *options, nan
    )


@pytest.mark.parametrize("url", ["redis://127.0.0.1:1/0", "amqp://u:pw@127.0.0.1:1//"])
def test_a_bus_that_is_away_is_one_sentence(
    cli_without_tables: CouponctlRunner, url: str
) -> None:
    cli_without_bus = CouponctlRunner(
        {**cli_without_tables.env, "COUPON_BROKER_URL": url}
    )
    arguments = "--tenant", "acme", "--user", "ann", "--data", STREAK[1]
    message = cli_without_bus.expect_refusal("event", "publish", STREAK[0], *arguments)
    assert "127.0.0.1:1" in message
    assert "COUPON_BROKER_URL" in message
    assert "pw" not in message


def test_tail_shows_what_goes_out_of_one_tenant(
    cli_with_broker: CouponctlRunner,
) -> None:
    def build_message(tenant_id: str, number: int) -> OutgoingMessage:
        event = {"id": f"{tenant_id}{number}", "tenantid": tenant_id, "data": {}}
        return OutgoingMessage(
            OUT_EXCHANGE, "coupon.generated", json.dumps(event).encode()
        )

    arguments = "event", "tail", "--tenant", "acme", "--count", "2", "--json"
    with listening_couponctl(cli_with_broker.env, *arguments) as tail:
        for number in range(2):
            for tenant_id in ("globex", "acme"):
                url = cli_with_broker.env["COUPON_BROKER_URL"]
                publish(url, build_message(tenant_id, number))
        output, _ = tail.communicate(timeout=60)
    assert tail.returncode == 0
    ids = [json.loads(line)["id"] for line in output.splitlines()]
    assert ids == ["acme0", "acme1"]
    with Connection(cli_with_broker.env["COUPON_BROKER_URL"]) as bus:
        assert bus.default_channel.client.keys("*listener*") == []


@pytest.fixture
def letters(cli: CouponctlRunner) -> CouponctlRunner:
    """Return a runner with a valid letter, an invalid one, and one without tenant."""
    cli.create_tenant()
    bootstrap.start(build_settings(cli.env["COUPON_DATABASE_URL"]))
    create_dead_letter("acme", json.dumps({**CLOUD_EVENT, "tenantid": "acme"}).encode())
    create_dead_letter("acme", b"\xff")
    create_dead_letter("", b"{}")
    database.close_database()
    return cli


def list_letter_ids(runner: CouponctlRunner, *arguments: str) -> list[str]:
    listed = runner.json("event", "dead", "list", *arguments)
    assert listed["total"] == len(listed["dead_letters"])
    return [letter["id"] for letter in listed["dead_letters"]]


def test_letters_of_all_tenants_or_of_one(letters: CouponctlRunner) -> None:
    assert len(list_letter_ids(letters)) == 3
    assert list_letter_ids(letters, "--tenant", "acme") == list_letter_ids(letters)[1:]
    shown = letters.json("event", "dead", "show", list_letter_ids(letters)[1])
    assert (shown["tenant_id"], shown["body_encoding"]) == ("acme", "base64")


def test_all_that_can_be_are_retried_and_the_others_named(
    letters: CouponctlRunner,
) -> None:
    unowned, bad, good = list_letter_ids(letters)
    answer = letters.json("event", "dead", "retry", "--all", status=1)
    assert sorted(answer["retried"]) == sorted([good, unowned])
    assert [refusal["id"] for refusal in answer["refused"]] == [bad]
    assert "can only be dropped" in answer["refused"][0]["reason"]
    assert list_letter_ids(letters) == [bad]
    bootstrap.start(build_settings(letters.env["COUPON_DATABASE_URL"]))
    assert {**CLOUD_EVENT, "tenantid": "acme"} in list_pending_bodies()
    database.close_database()


def test_letters_are_dropped_one_by_one_or_all(letters: CouponctlRunner) -> None:
    first, *_ = list_letter_ids(letters, "--tenant", "acme")
    assert letters.json("event", "dead", "delete", first)["dropped"] == [first]
    rest = list_letter_ids(letters, "--tenant", "acme")
    arguments = "event", "dead", "delete", "--all", "--tenant", "acme"
    asked = letters.run(*arguments)
    assert (asked.exit_code, asked.stdout) == (2, "")
    assert "Delete 1 dead letters of tenant acme?" in asked.stderr
    assert letters.json(*arguments, "--dry-run")["dropped"] == rest
    assert letters.json(*arguments, "--yes")["dropped"] == rest
    assert len(list_letter_ids(letters)) == 1


def test_a_letter_that_is_not_there(letters: CouponctlRunner) -> None:
    expected = (
        f'Dead letter "{UNKNOWN_ID}" not found; `couponctl event dead list` shows all'
    )
    message = letters.expect_refusal("event", "dead", "show", UNKNOWN_ID, status=4)
    assert message == expected
    for command in ("retry", "delete"):
        error = letters.read_error("event", "dead", command, UNKNOWN_ID)
        assert (error["error"], error["exit_status"]) == (expected, 4)
        assert "either LETTER_ID or --all" in letters.expect_usage_error(
            "event", "dead", command
        )
