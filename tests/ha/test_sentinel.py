"""The primary of a Redis with Sentinel is killed: limits and messages go on."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from kombu import Consumer

from coupon_core.messaging.broker import create_connection, list_worker_queues
from coupon_core.messaging.cloud_events import OutgoingMessage
from coupon_core.messaging.health_check import is_reachable
from coupon_core.messaging.publisher import open_publisher
from coupon_core.messaging.topology import EVENTS_EXCHANGE
from coupon_core.security.rate_limiting.blocklist import Blocklist
from coupon_core.security.rate_limiting.counters import Counters
from coupon_core.security.rate_limiting.policy import RateLimit
from tests.support.servers.sentinel import SentinelGroup, sentinel_group

pytestmark = pytest.mark.slow
MAX_FAILOVER_SECONDS = 15  # docs/scaling.md
LIMIT = RateLimit("guesses-per-user", 100, 600)


@pytest.fixture(scope="module")
def group(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SentinelGroup]:
    with sentinel_group(tmp_path_factory.mktemp("sentinel")) as running:
        yield running


def publish_and_receive(url: str, body: bytes) -> bool:
    """Return True if a message reaches its queue and is received from there."""
    received: list[bytes] = []
    with open_publisher(url) as publisher:
        message = OutgoingMessage(EVENTS_EXCHANGE, "streak.milestone", body=body)
        publisher.publish([message])
    with create_connection(url) as connection:
        queue = next(iter(list_worker_queues(url)))
        with Consumer(
            connection.default_channel,
            [queue],
            on_message=lambda message: (
                received.append(message.body),
                message.ack(),
            ),
        ):
            connection.drain_events(timeout=5)
    return received == [body]


def test_limits_and_messages_survive_the_death_of_the_primary(
    group: SentinelGroup,
) -> None:
    counters = Counters(group.url)
    blocklist = Blocklist(group.url, counters, [LIMIT])
    blocklist.has_entries()  # starts the thread that tests whether Redis is back
    assert is_reachable(group.url)
    assert counters.count(LIMIT, "ann")[0] == 1
    assert publish_and_receive(group.url, b"{}")

    group.wait_for_replication()
    killed, killed_at = group.kill_primary(), time.monotonic()
    counts = []
    while time.monotonic() - killed_at < MAX_FAILOVER_SECONDS:
        counts.append(counters.count(LIMIT, "bob")[0])
        if counters.is_shared and len(counts) > 1 and is_reachable(group.url):
            break
        time.sleep(0.1)
    blocklist.close()
    assert counters.is_shared
    assert counts[0] == 1  # counted by this process, without an error
    assert group.find_primary() != killed
    assert counters.count(LIMIT, "ann")[0] == 2  # the replica had the first
    assert publish_and_receive(group.url, b'{"after": 1}')
