"""Test what the CLI does with the broker, on Redis and RabbitMQ."""

from __future__ import annotations

import json

import pytest

from coupon_core.domain.models import Trigger
from coupon_core.messaging import inspection
from coupon_core.messaging.broker import create_connection, list_worker_queues
from coupon_core.messaging.cloud_events import OutgoingMessage
from coupon_core.messaging.topology import (
    EVENTS_EXCHANGE,
    OUT_EXCHANGE,
    ROUTING_KEYS,
    BrokerUnavailable,
)
from tests.conftest import Broker
from tests.support.servers.rabbitmq import RabbitServer


@pytest.fixture
def url(broker: Broker) -> str:
    """The URL of a broker whose queues are empty."""
    with create_connection(broker.url) as connection:
        for queue in list_worker_queues(broker.url):
            bound_queue = queue(connection.default_channel)
            bound_queue.declare()
            bound_queue.purge()
    return broker.url


def test_each_kind_of_milestone_waits_in_a_queue_of_its_own(url: str) -> None:
    for number, trigger in enumerate(Trigger, 1):
        for _ in range(number):
            message = OutgoingMessage(
                EVENTS_EXCHANGE, ROUTING_KEYS[trigger], body=b"{}"
            )
            inspection.publish(url, message)
    depths = {depth.queue: depth.messages for depth in inspection.queue_depths(url)}
    assert depths == {
        "coupons.streak": 1,
        "coupons.achievement": 2,
        "coupons.leaderboard": 3,
        "coupons.generation": 0,
        "coupons.webhooks": 0,
    }


def test_only_rabbitmq_tells_consumers(url: str, broker: Broker) -> None:
    consumer_counts = {depth.consumers for depth in inspection.queue_depths(url)}
    assert consumer_counts == ({0} if isinstance(broker, RabbitServer) else {None})


def test_all_listeners_hear_all_that_goes_out_and_nothing_else(url: str) -> None:
    listeners = [inspection.tail_events(url) for _ in range(2)]
    for listener in listeners:
        assert next(listener) is None
    unrelated_message = OutgoingMessage(EVENTS_EXCHANGE, "streak.milestone", body=b"{}")
    inspection.publish(url, unrelated_message)
    for number in range(3):
        body = json.dumps({"n": number, "of": "é"}, ensure_ascii=False).encode()
        message = OutgoingMessage(OUT_EXCHANGE, "coupon.generated", body=body)
        inspection.publish(url, message)
    for listener in listeners:
        events = (json.loads(body) for body in listener if body is not None)
        assert [next(events)["n"] for _ in range(3)] == [0, 1, 2]
        listener.close()


def test_a_wrong_password_is_told_without_it(rabbitmq: RabbitServer) -> None:
    url = rabbitmq.url.replace("guest:guest", "guest:s3cret")
    with pytest.raises(BrokerUnavailable, match="ACCESS_REFUSED") as caught:
        inspection.queue_depths(url)
    assert "s3cret" not in str(caught.value)
