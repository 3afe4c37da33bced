"""Test that no message stops the consumer, on both brokers."""

from __future__ import annotations

import json
import pickle
import zlib
from collections.abc import Iterator
from typing import Any

import pytest
import redis as redis_client
from kombu import Connection

from coupon_core.messaging.broker import create_connection
from coupon_core.persistence import database
from tests.conftest import Broker
from tests.factories.tenant import TenantFactory
from tests.workers.milestones import cloud, count_held_coupons, define_streak_trigger
from tests.workers.raw_messages import (
    becomes_true,
    failing_inserts,
    list_dead_letters,
    publish,
    publish_raw,
    purge_queues,
    running_consumer,
)
from workers import acknowledgement

# The tests of the message handlers cover the other combinations of databases.
SQLITE_WITH_REDIS = ("sqlite", "redis")
POSTGRESQL_WITH_RABBITMQ = ("postgresql", "rabbitmq")


def on(*pairs: tuple[str, str]) -> pytest.MarkDecorator:
    """Run a test on these pairs of database and broker."""
    return pytest.mark.parametrize(
        ("migrated_template", "broker"), pairs, indirect=True
    )


on_both = on(SQLITE_WITH_REDIS, POSTGRESQL_WITH_RABBITMQ)


GOOD = b'{"good": "JSON"}'


@pytest.fixture
def bus(broker: Broker, tenant: TenantFactory) -> Iterator[Broker]:
    """Run a consumer on a broker with empty queues and without dead letters."""
    with database.transaction():
        database.execute("DELETE FROM dead_letter", {})
    purge_queues(broker)
    with running_consumer(broker):
        yield broker


def event(tenant: TenantFactory, user: str = "ann") -> bytes:
    return json.dumps(cloud(tenant, subject=user, id=f"e-{user}")).encode()


@on_both
def test_a_milestone_becomes_a_coupon(bus: Broker, tenant: TenantFactory) -> None:
    definition = define_streak_trigger(tenant)
    publish(bus, event(tenant))
    assert becomes_true(lambda: count_held_coupons(definition) == 1)


ODD_MESSAGES: dict[str, tuple[bytes, dict[str, Any], str]] = {
    "pickle": (
        pickle.dumps({"a": 1}),
        {
            "content_type": "application/x-python-serialize",
            "content_encoding": "binary",
        },
        "is not JSON",
    ),
    "yaml": (b"a: 1", {"content_type": "application/x-yaml"}, "is not JSON"),
    "text": (b"hello", {"content_type": "text/plain"}, "is not JSON"),
    "unknown encoding": (GOOD, {"content_encoding": "klingon"}, "is not UTF-8"),
    "other encoding": (GOOD, {"content_encoding": "utf-16"}, "is not UTF-8"),
    "false compression": (
        GOOD,
        {"headers": {"compression": "application/x-gzip"}},
        "cannot be decoded",
    ),
    "unknown compression": (
        GOOD,
        {"headers": {"compression": "application/x-magic"}},
        "cannot be decoded",
    ),
    "bomb": (
        zlib.compress(bytes(50_000_000)),
        {"headers": {"compression": "application/x-gzip"}},
        "too large",
    ),
    "empty": (b"", {}, "empty body"),
    "bad UTF-8": (b'{"a": "\xff"}', {}, "UTF-8"),
    "deep": (b"[" * 50_000, {}, "levels"),
    "large": (b'{"a": "' + b"x" * 70_000 + b'"}', {}, "larger than 65536"),
    "false tries": (GOOD, {"headers": {"coupons-tries": "many"}}, "missing"),
}


@on_both
@pytest.mark.parametrize("name", ODD_MESSAGES)
def test_odd_messages_are_buried_within_five_seconds(
    bus: Broker, tenant: TenantFactory, name: str
) -> None:
    body, properties, expected = ODD_MESSAGES[name]
    definition = define_streak_trigger(tenant)
    publish_raw(bus, body, **properties)
    publish(bus, event(tenant))
    assert becomes_true(
        lambda: len(list_dead_letters()) == 1 and count_held_coupons(definition) == 1
    )
    ((reason, stored_body),) = list_dead_letters()
    assert expected in reason
    assert stored_body == body[:65_536]


GARBAGE = (
    b"garbage",
    b"\xff\xfe\x00",
    b"",
    b"null",
    b"[1, 2]",
    b"{}",
    b'{"properties": 1}',
    b'{"body": "!", "properties": {"body_encoding": "base64"}}',
    b'{"body": "e30=", "properties": {"body_encoding": "magic"}}',
    b"[" * 50_000,
)


# RabbitMQ lets no malformed message into a queue.
@on(SQLITE_WITH_REDIS)
@pytest.mark.parametrize("list_name", ["coupons.streak", "coupons.streak\x06\x166"])
def test_what_is_no_message_at_all_is_buried_as_it_is(
    bus: Broker, tenant: TenantFactory, list_name: str
) -> None:
    definition = define_streak_trigger(tenant)
    with redis_client.Redis.from_url(bus.url) as client:
        client.lpush(list_name, *GARBAGE)
    publish(bus, event(tenant))
    assert becomes_true(
        lambda: (
            len(list_dead_letters()) == len(GARBAGE)
            and count_held_coupons(definition) == 1
        )
    )
    assert {reason.partition(":")[0] for reason, _ in list_dead_letters()} == {
        "not kombu's envelope"
    }
    assert {body for _, body in list_dead_letters()} == set(GARBAGE)


# RabbitMQ does not show its unacknowledged messages.
@on(SQLITE_WITH_REDIS)
def test_nothing_is_left_unacknowledged(bus: Broker, tenant: TenantFactory) -> None:
    definition = define_streak_trigger(tenant)
    publish(bus, *[event(tenant, f"user-{n}") for n in range(50)], b"garbage")
    assert becomes_true(lambda: count_held_coupons(definition, "user-49") == 1)
    with redis_client.Redis.from_url(bus.url) as client:
        assert becomes_true(lambda: not client.hlen("coupons.unacknowledged"))
        assert not client.zcard("coupons.unacknowledged_since")


@on_both
def test_a_message_that_alone_fails_is_buried_and_holds_up_nobody(
    bus: Broker, tenant: TenantFactory
) -> None:
    definition = define_streak_trigger(tenant)
    with failing_inserts("bad"):
        publish(bus, event(tenant, "bad"), *[event(tenant, f"u{n}") for n in range(99)])
        assert becomes_true(lambda: count_held_coupons(definition, "u98") == 1)
        assert becomes_true(lambda: len(list_dead_letters()) == 1)
    assert list_dead_letters()[0][0].startswith("database error at every attempt")
    assert count_held_coupons(definition, "bad") == 0


@on_both
def test_a_message_that_fails_for_a_while_is_tried_again(
    bus: Broker, tenant: TenantFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    # However long the machine takes until inserts succeed again.
    monkeypatch.setattr(acknowledgement, "MAX_ATTEMPTS", 1_000)
    definition = define_streak_trigger(tenant)
    with failing_inserts("slow"):
        publish(bus, event(tenant, "slow"))
        assert not becomes_true(lambda: bool(list_dead_letters()), 0.3)
    assert becomes_true(lambda: count_held_coupons(definition, "slow") == 1)
    assert list_dead_letters() == []


# A list of Redis exists only while it has members.
@on(POSTGRESQL_WITH_RABBITMQ)
def test_a_queue_that_is_deleted_comes_back(bus: Broker, tenant: TenantFactory) -> None:
    definition = define_streak_trigger(tenant)
    publish(bus, event(tenant, "first"))
    assert becomes_true(lambda: count_held_coupons(definition, "first") == 1)
    with create_connection(bus.url) as connection:
        connection.default_channel.queue_delete("coupons.streak")
        assert becomes_true(lambda: is_consumed(connection, "coupons.streak"))
    publish(bus, event(tenant, "second"))
    assert becomes_true(lambda: count_held_coupons(definition, "second") == 1)


@on(SQLITE_WITH_REDIS)
def test_a_flushed_redis_is_used_again(bus: Broker, tenant: TenantFactory) -> None:
    definition = define_streak_trigger(tenant)
    with redis_client.Redis.from_url(bus.url) as client:
        client.flushall()
    publish(bus, event(tenant))
    assert becomes_true(lambda: count_held_coupons(definition) == 1)


def is_consumed(connection: Connection, queue: str) -> bool:
    try:
        with connection.channel() as channel:
            return bool(channel.queue_declare(queue, passive=True).consumer_count)
    except connection.channel_errors:
        return False
