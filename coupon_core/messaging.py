"""The bus: its exchanges and queues, and how messages get there and stay there."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from kombu import Connection, Exchange, Producer, Queue

from coupon_core.model import MILESTONE_TYPES, Event, Trigger

REDIS, RABBITMQ = "redis", "rabbitmq"
BROKERS = {
    "redis": REDIS,
    "rediss": REDIS,
    "redis+socket": REDIS,
    "amqp": RABBITMQ,
    "amqps": RABBITMQ,
}
# A worker that dies leaves its message unseen for so long on Redis; nothing that a
# handler does takes half of it.
VISIBILITY_SECONDS = 60
CONNECT_SECONDS = 3
HEARTBEAT_SECONDS = 10
CONTENT_TYPE = "application/cloudevents+json"

EVENTS = Exchange("coupons.events", type="topic", durable=True)
OUT = Exchange("coupons.out", type="topic", durable=True)

ROUTING_KEYS = {
    Trigger.STREAK_MILESTONE: "streak.milestone",
    Trigger.ACHIEVEMENT_COMPLETED: "achievement.completed",
    Trigger.LEADERBOARD_RANK: "leaderboard.rank",
}
QUEUES = {
    "coupons.streak": ROUTING_KEYS[Trigger.STREAK_MILESTONE],
    "coupons.achievement": ROUTING_KEYS[Trigger.ACHIEVEMENT_COMPLETED],
    "coupons.leaderboard": ROUTING_KEYS[Trigger.LEADERBOARD_RANK],
    "coupons.generation": "generation.chunk",
}


class BadBroker(ValueError):
    """The broker URL names something that would lose messages, or nothing."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message for the bus; `body` is UTF-8 JSON."""

    exchange: Exchange
    routing_key: str
    body: bytes


def outgoing(event: Event) -> Outgoing:
    """The message of an event from the outbox.

    A milestone that came over HTTP goes to the workers as it was accepted; all other
    events go out as CloudEvents 1.0 (CONTRACTS 0.18).
    """
    trigger = MILESTONE_TYPES.get(event.event_type)
    if trigger:
        return Outgoing(EVENTS, ROUTING_KEYS[trigger], event.data.encode())
    body = json.dumps(cloud_event(event), ensure_ascii=False, separators=(",", ":"))
    return Outgoing(OUT, event.event_type, body.encode())


def cloud_event(event: Event) -> dict[str, object]:
    """An event in its CloudEvents envelope."""
    return {
        "specversion": "1.0",
        "id": event.event_id,
        "source": f"/coupons/{event.tenant_id}",
        "type": event.event_type,
        "subject": event.subject,
        "time": as_rfc3339(event.occurred_at),
        "datacontenttype": "application/json",
        "tenantid": event.tenant_id,
        "data": json.loads(event.data),
    }


def as_rfc3339(moment: datetime) -> str:
    """A moment in UTC with milliseconds."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def broker_kind(url: str) -> str:
    """`redis` or `rabbitmq`. BadBroker with a sentence that says why for all else."""
    scheme = urlsplit(url).scheme
    kind = BROKERS.get(scheme)
    if kind is None:
        raise BadBroker(
            f"COUPON_BROKER_URL: {scheme or 'an empty URL'} is no bus that keeps "
            "messages when a process dies (kombu's memory, filesystem and SQL "
            "transports lose them); use redis://… or amqp://…"
        )
    return kind


def connect(url: str) -> Connection:
    """A connection to the broker, made when first used. BadBroker."""
    if broker_kind(url) == RABBITMQ:
        # Without confirms a third of what was "published" can vanish with the broker.
        return Connection(
            url,
            connect_timeout=CONNECT_SECONDS,
            heartbeat=HEARTBEAT_SECONDS,
            transport_options={"confirm_publish": True, "max_retries": 1},
        )
    options = {
        "visibility_timeout": VISIBILITY_SECONDS,
        "socket_connect_timeout": CONNECT_SECONDS,
        "socket_keepalive": True,
        "health_check_interval": HEARTBEAT_SECONDS,
    }
    return Connection(url, connect_timeout=CONNECT_SECONDS, transport_options=options)


def queues(url: str) -> list[Queue]:
    """The queues that workers consume, as this kind of broker keeps them safe."""
    quorum = broker_kind(url) == RABBITMQ
    arguments = {"x-queue-type": "quorum"} if quorum else None
    return [
        Queue(name, EVENTS, key, durable=True, queue_arguments=arguments)
        for name, key in QUEUES.items()
    ]


class Publisher:
    """Publishes durably on one connection; each message is confirmed on return."""

    def __init__(self, connection: Connection, url: str) -> None:
        self.producer = Producer(connection.channel())
        # Redis drops what is published to an exchange whose queues this connection
        # has not declared; so every publish declares them (once, kombu remembers).
        self.declare = {EVENTS.name: [EVENTS, *queues(url)], OUT.name: [OUT]}

    def publish(self, message: Outgoing) -> None:
        """Hand a message to the broker, which has stored it when this returns."""
        self.producer.publish(
            message.body,
            exchange=message.exchange,
            routing_key=message.routing_key,
            declare=self.declare[message.exchange.name],
            delivery_mode="persistent",
            content_type=CONTENT_TYPE,
            content_encoding="utf-8",
        )


@contextmanager
def publishing(url: str) -> Iterator[Publisher]:
    """A publisher on a connection of its own."""
    with connect(url) as connection:
        yield Publisher(connection, url)
