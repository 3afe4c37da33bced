"""Test the broker: connections, limits, and the messages of consumers that die."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zlib
from collections.abc import Iterator

import pytest
import redis as redis_client
from kombu import Consumer

from coupon_core.messaging import decompression_limits
from coupon_core.messaging.broker import create_connection, list_worker_queues
from coupon_core.messaging.cloud_events import OutgoingMessage
from coupon_core.messaging.health_check import is_reachable
from coupon_core.messaging.publisher import PublishRejected, open_publisher
from coupon_core.messaging.topology import (
    EVENTS_EXCHANGE,
    UnsupportedBroker,
    parse_broker_kind,
)
from tests.support.servers import RabbitServer, RedisServer
from tests.workers.raw_messages import becomes_true, publish, purge_queues


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("redis://127.0.0.1/0", "redis"),
        ("rediss://cache.example.com:6380/0", "redis"),
        ("redis+socket:///run/bus.sock", "redis"),
        ("sentinel://one.example?master_name=a;sentinel://two.example", "redis"),
        ("amqp://one.example//;amqp://two.example//", "rabbitmq"),
        ("amqp://guest@127.0.0.1//", "rabbitmq"),
        ("amqps://mq.example.com//", "rabbitmq"),
    ],
)
def test_two_kinds_of_brokers_are_known(url: str, kind: str) -> None:
    assert parse_broker_kind(url) == kind


def test_the_next_node_is_used_if_the_first_is_away(rabbitmq: RabbitServer) -> None:
    url = f"amqp://guest:guest@127.0.0.1:1//;{rabbitmq.url}"
    message = OutgoingMessage(EVENTS_EXCHANGE, "streak.milestone", body=b"{}")
    purge_queues(rabbitmq)
    assert is_reachable(url)
    with open_publisher(url) as publisher:
        publisher.publish([message])
    with create_connection(url) as connection:
        assert receive(connection, url, count=1)[0].body == b"{}"
    purge_queues(rabbitmq)


@pytest.mark.parametrize("url", ["memory://", "sqla+sqlite:///x", "filesystem://", ""])
def test_others_are_refused_with_the_reason(url: str) -> None:
    with pytest.raises(UnsupportedBroker, match="expected a message broker at redis"):
        parse_broker_kind(url)


def test_tls_to_redis_checks_the_certificate() -> None:
    connection = create_connection("rediss://cache.example.com:6380/0")
    assert connection.ssl == {"ssl_cert_reqs": 2, "ssl_check_hostname": True}


TEXT = b"x" * 1_000
COMPRESSIONS = {
    "zlib": (zlib.compress, decompression_limits.decompress_zlib),
    "gzip": (gzip.compress, decompression_limits.decompress_zlib),
    "bzip2": (bz2.compress, decompression_limits.decompress_bz2),
    "xz": (lzma.compress, decompression_limits.decompress_lzma),
}


@pytest.mark.parametrize("name", COMPRESSIONS)
def test_what_is_packed_is_unpacked(name: str) -> None:
    compress, decompress = COMPRESSIONS[name]
    assert decompress(compress(TEXT)) == TEXT


@pytest.mark.parametrize("name", COMPRESSIONS)
def test_a_bomb_is_refused_before_it_goes_off(name: str) -> None:
    compress, decompress = COMPRESSIONS[name]
    bomb = compress(bytes(20_000_000))
    with pytest.raises(decompression_limits.MessageTooLarge):
        decompress(bomb)


@pytest.fixture
def bus(redis: RedisServer) -> Iterator[redis_client.Redis]:
    purge_queues(redis)
    with redis_client.Redis.from_url(redis.url) as client:
        client.delete("coupons.unacknowledged", "coupons.unacknowledged_since")
        yield client


def receive(connection: object, url: str, count: int) -> list:
    """Receive `count` messages with one consumer and do not acknowledge them."""
    messages: list = []
    channel = connection.channel()
    channel.basic_qos(0, count, False)
    channel.auto_decode = False
    queue = list_worker_queues(url)[0]
    Consumer(channel, [queue], on_message=messages.append).consume()
    for _ in range(count):
        connection.drain_events(timeout=60)
    return messages


def test_a_message_is_in_its_queue_or_among_the_unacknowledged(
    redis: RedisServer, bus: redis_client.Redis
) -> None:
    publish(redis, *[b"%d" % number for number in range(10)])
    connection = create_connection(redis.url)
    messages = receive(connection, redis.url, count=4)
    assert [message.body for message in messages] == [b"0", b"1", b"2", b"3"]
    assert bus.hlen("coupons.unacknowledged") == 4
    assert bus.llen("coupons.streak") == 6
    connection.release()


def test_what_was_not_acknowledged_goes_back_in_its_place(
    redis: RedisServer, bus: redis_client.Redis
) -> None:
    publish(redis, *[b"%d" % number for number in range(6)])
    with create_connection(redis.url) as connection:
        receive(connection, redis.url, count=4)[0].ack()
    assert bus.hlen("coupons.unacknowledged") == 0
    assert bus.llen("coupons.streak") == 5
    with create_connection(redis.url) as connection:
        messages = receive(connection, redis.url, count=5)
    assert {message.body for message in messages} == {b"1", b"2", b"3", b"4", b"5"}


def test_two_copies_of_one_message_are_two_messages(
    redis: RedisServer, bus: redis_client.Redis
) -> None:
    publish(redis, b"same")
    raw = bus.lindex("coupons.streak", 0)
    bus.lpush("coupons.streak", raw)
    with create_connection(redis.url) as connection:
        first, second = receive(connection, redis.url, count=2)
        first.ack()
        assert first.delivery_tag != second.delivery_tag
    assert bus.lrange("coupons.streak", 0, -1) == [raw]


def test_what_a_dead_consumer_held_comes_again_under_a_steady_feed(
    redis: RedisServer, bus: redis_client.Redis
) -> None:
    publish(redis, b"held")
    dead = create_connection(redis.url)
    receive(dead, redis.url, count=1)
    bodies: list[bytes] = []
    with create_connection(redis.url, visibility_seconds=1) as living:
        channel = living.channel()
        Consumer(
            channel,
            [list_worker_queues(redis.url)[0]],
            on_message=lambda message: (message.ack(), bodies.append(message.body)),
        ).consume()

        def has_received_both() -> bool:
            publish(redis, b"feed")
            living.drain_events(timeout=60)
            return b"held" in bodies and bodies.count(b"feed") > 1

        assert becomes_true(has_received_both)
    dead.release()


def test_malformed_entries_in_redis_stop_nothing(
    redis: RedisServer, bus: redis_client.Redis
) -> None:
    publish(redis, b"before")
    bus.sadd(f"_kombu.binding.{EVENTS_EXCHANGE}", "no binding", b"\xff", b"a\x06\x16b")
    bus.hset("coupons.unacknowledged", "tag", "no queue")
    bus.zadd("coupons.unacknowledged_since", {"tag": 1, "unknown": 1})
    publish(redis, b"after")
    with create_connection(redis.url, visibility_seconds=1) as connection:
        messages = receive(connection, redis.url, count=2)
        assert {message.body for message in messages} == {b"before", b"after"}
        for message in messages:
            message.ack()
    assert not bus.exists("coupons.unacknowledged", "coupons.unacknowledged_since")


def test_without_bindings_publishing_fails_and_loses_nothing_in_silence(
    redis: RedisServer, bus: redis_client.Redis
) -> None:
    message = OutgoingMessage(EVENTS_EXCHANGE, "streak.milestone", b"{}")
    with open_publisher(redis.url) as publisher:
        publisher.publish([message])
        bus.flushall()
        with pytest.raises(redis_client.ResponseError, match="no queue is bound to"):
            publisher.publish([message])


def test_rabbitmq_refusing_to_route_is_an_error(rabbitmq: RabbitServer) -> None:
    message = OutgoingMessage(EVENTS_EXCHANGE, "streak.milestone", b"{}")
    with open_publisher(rabbitmq.url) as publisher:
        publisher.publish([message])
        publisher.channel.queue_delete("coupons.streak")
        with pytest.raises(PublishRejected, match="no queue is bound to"):
            publisher.publish([message, message])


def test_rabbitmq_forgets_no_message_for_being_delivered_often(
    rabbitmq: RabbitServer,
) -> None:
    purge_queues(rabbitmq)
    publish(rabbitmq, b"again and again")
    for _ in range(30):
        with create_connection(rabbitmq.url) as connection:
            receive(connection, rabbitmq.url, count=1)[0].requeue()
    with create_connection(rabbitmq.url) as connection:
        message = receive(connection, rabbitmq.url, count=1)[0]
        assert message.body == b"again and again"
    purge_queues(rabbitmq)
