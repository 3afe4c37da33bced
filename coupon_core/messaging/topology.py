"""What the exchanges and queues are called, and which brokers may carry them."""

from urllib.parse import urlsplit

from coupon_core.domain.models import Trigger

REDIS, RABBITMQ = "redis", "rabbitmq"
BROKERS = {
    "redis": REDIS,
    "rediss": REDIS,
    "redis+socket": REDIS,
    "amqp": RABBITMQ,
    "amqps": RABBITMQ,
}

EVENTS, OUT = "coupons.events", "coupons.out"
CONTENT_TYPE = "application/cloudevents+json"

ROUTING_KEYS = {
    Trigger.STREAK_MILESTONE: "streak.milestone",
    Trigger.ACHIEVEMENT_COMPLETED: "achievement.completed",
    Trigger.LEADERBOARD_RANK: "leaderboard.rank",
}
CHUNK = "generation.chunk"  # an event of the outbox, and its routing key
JOB_CHUNK = "code_job.chunk"  # another one, of the same routing key
GENERATION = "coupons.generation"
QUEUES = {
    "coupons.streak": ROUTING_KEYS[Trigger.STREAK_MILESTONE],
    "coupons.achievement": ROUTING_KEYS[Trigger.ACHIEVEMENT_COMPLETED],
    "coupons.leaderboard": ROUTING_KEYS[Trigger.LEADERBOARD_RANK],
    GENERATION: CHUNK,
}
"""The queues of `coupons.events`, each with the routing key that it is bound to."""

WEBHOOK_QUEUES = {"coupons.webhooks": "#"}
"""The same of `coupons.out`: what goes out is also sent to webhooks."""


class BadBroker(ValueError):
    """The broker URL names something that would lose messages, or nothing."""


class BusAway(Exception):
    """The broker cannot be reached, or did not take a message; the text says why."""


def broker_kind(url: str) -> str:
    """`redis` or `rabbitmq`. BadBroker with a sentence that says why for all else."""
    scheme = urlsplit(url).scheme
    kind = BROKERS.get(scheme)
    if kind is None:
        raise BadBroker(
            f"{scheme or 'an empty URL'} is no bus that keeps messages when a process "
            "dies (kombu's memory, filesystem and SQL transports lose them); use "
            "redis://… or amqp://…"
        )
    return kind
