"""The names of exchanges, queues and routing keys, and the supported brokers."""

from urllib.parse import urlsplit

from coupon_core.domain.models import Trigger
from coupon_core.domain.url_credentials import split_alternates

REDIS, RABBITMQ = "redis", "rabbitmq"
BROKER_KINDS_BY_SCHEME = {
    "redis": REDIS,
    "rediss": REDIS,
    "redis+socket": REDIS,
    "sentinel": REDIS,
    "amqp": RABBITMQ,
    "amqps": RABBITMQ,
}
# One URL may name several nodes of these, separated by semicolons.
CLUSTER_SCHEMES = ("amqp", "amqps", "sentinel")

EVENTS_EXCHANGE, OUT_EXCHANGE = "coupons.events", "coupons.out"
CONTENT_TYPE = "application/cloudevents+json"

ROUTING_KEYS = {
    Trigger.STREAK_MILESTONE: "streak.milestone",
    Trigger.ACHIEVEMENT_COMPLETED: "achievement.completed",
    Trigger.LEADERBOARD_RANK: "leaderboard.rank",
}
# Events of the outbox; messages of both have the same routing key.
BATCH_CHUNK_EVENT_TYPE = "generation.chunk"
JOB_CHUNK_EVENT_TYPE = "code_job.chunk"
CHUNK_ROUTING_KEY = BATCH_CHUNK_EVENT_TYPE
GENERATION_QUEUE = "coupons.generation"
EVENT_QUEUES = {
    "coupons.streak": ROUTING_KEYS[Trigger.STREAK_MILESTONE],
    "coupons.achievement": ROUTING_KEYS[Trigger.ACHIEVEMENT_COMPLETED],
    "coupons.leaderboard": ROUTING_KEYS[Trigger.LEADERBOARD_RANK],
    GENERATION_QUEUE: CHUNK_ROUTING_KEY,
}
"""The queues of `coupons.events`, with the routing keys that they are bound to."""

WEBHOOK_QUEUES = {"coupons.webhooks": "#"}
"""The queues of `coupons.out`: outgoing events are also sent to webhooks."""


def list_queues(exchange: str, routing_key: str) -> list[str]:
    """Return the queues of the workers that receive messages of a routing key."""
    if exchange == EVENTS_EXCHANGE:
        return [name for name, key in EVENT_QUEUES.items() if key == routing_key]
    return list(WEBHOOK_QUEUES) if exchange == OUT_EXCHANGE else [routing_key]


class UnsupportedBroker(ValueError):
    """The broker URL is invalid, or names a broker that would lose messages."""


class BrokerUnavailable(Exception):
    """The broker cannot be reached, or rejected a message; the text says why."""


def parse_broker_kind(url: str) -> str:
    """Return `redis` or `rabbitmq`.

    Raises:
        UnsupportedBroker: The URL names another broker, or none.
    """
    schemes = [urlsplit(each).scheme for each in split_alternates(url)]
    scheme = schemes[0]
    kind = BROKER_KINDS_BY_SCHEME.get(scheme)
    if kind is None:
        actual = f"{scheme}://" if scheme else "a URL without a scheme"
        raise UnsupportedBroker(
            f"expected a message broker at redis://…, sentinel://… or amqp://…, not "
            f"{actual} (kombu's memory, filesystem and SQL transports lose messages "
            "when a process dies)"
        )
    if len(schemes) > 1 and (scheme not in CLUSTER_SCHEMES or len(set(schemes)) > 1):
        raise UnsupportedBroker(
            "several URLs must all be the nodes of one RabbitMQ cluster (amqp://… or "
            "amqps://…) or all be Sentinels of one Redis (sentinel://…)"
        )
    return kind
