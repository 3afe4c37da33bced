"""The workers beside kombu doing nothing: milestones in, the outbox out."""

from tests.bench.model import Row, rate
from tests.bench.runners.bus import Confirmed, Milestones, Nothing, Relay, on
from tests.servers import find_rabbitmq

BROKERS = ("redis", "rabbitmq") if find_rabbitmq() else ("redis",)


def milestones(broker: str) -> Row:
    """From the bus to the stored coupon."""
    return Row(
        name=f"milestone_{broker}",
        what=f"milestone event → coupon stored, {broker}: events a second and worker",
        compared_with="kombu consume + ack of the same messages, same prefetch",
        measured=on(broker, Milestones),
        baseline=on(broker, Nothing),
        metric=rate,
        at_least=0.25,
    )


def relays(broker: str) -> Row:
    """From the outbox to the bus."""
    return Row(
        name=f"relay_{broker}",
        what=f"outbox relay, {broker}: events a second",
        compared_with="kombu publish with confirms",
        measured=on(broker, Relay),
        baseline=on(broker, Confirmed),
        metric=rate,
        at_least=0.50,
    )


ROWS = tuple(make(broker) for make in (milestones, relays) for broker in BROKERS)
