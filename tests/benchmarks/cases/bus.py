"""The workers compared with bare kombu: milestones in, outbox out."""

from tests.benchmarks.model import BenchmarkCase, requests_per_second
from tests.benchmarks.runners.bus import (
    Confirmed,
    Milestones,
    Nothing,
    Relay,
    bind_broker,
)
from tests.support.servers import find_rabbitmq

BROKERS = ("redis", "rabbitmq") if find_rabbitmq() else ("redis",)
# kombu's bare consumer on Redis is several times slower than that on RabbitMQ.
MIN_MILESTONE_RATIOS = {"redis": 1.0, "rabbitmq": 0.3}


def build_milestone_case(broker: str) -> BenchmarkCase:
    """Return the case from the bus to the stored coupon."""
    return BenchmarkCase(
        name=f"milestone_{broker}",
        description=(
            f"milestone event → coupon stored, {broker}: events per second and worker"
        ),
        compared_with="kombu consume + ack of the same messages, same prefetch",
        measured=bind_broker(broker, Milestones),
        baseline=bind_broker(broker, Nothing),
        metric=requests_per_second,
        min_ratio=MIN_MILESTONE_RATIOS[broker],
    )


def build_relay_case(broker: str) -> BenchmarkCase:
    """Return the case from the outbox to the bus."""
    return BenchmarkCase(
        name=f"relay_{broker}",
        description=f"outbox relay, {broker}: events per second",
        compared_with="kombu publish with confirms, one by one",
        measured=bind_broker(broker, Relay),
        baseline=bind_broker(broker, Confirmed),
        metric=requests_per_second,
        min_ratio=2.0,
    )


CASES = tuple(
    make(broker)
    for make in (build_milestone_case, build_relay_case)
    for broker in BROKERS
)
