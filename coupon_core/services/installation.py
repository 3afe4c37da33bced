"""The state of the installation as the console shows it: database and queues."""

from collections.abc import Sequence
from dataclasses import dataclass

from coupon_core.messaging.topology import BrokerUnavailable
from coupon_core.persistence import diagnostics, schema


@dataclass(frozen=True, slots=True)
class QueueLength:
    """The number of messages that wait in a queue of the bus."""

    name: str
    messages: int


def describe_database() -> str:
    """Return the product and version of the database."""
    return diagnostics.describe_product()


def list_migrations() -> list[tuple[str, bool]]:
    """Return each migration and whether it has been applied, newest first.

    Those of a newer release are contained.
    """
    newer = [(name, True) for name in schema.list_newer_migrations()]
    return [*schema.list_migrations(), *newer][::-1]


def measure_queues(broker_url: str) -> tuple[Sequence[QueueLength], str]:
    """Return the queues of the bus, or none and why it cannot be used."""
    from coupon_core.messaging import inspection  # imports kombu, which is slow

    try:
        found = inspection.queue_depths(broker_url)
    except BrokerUnavailable as error:
        return (), str(error)
    return [QueueLength(each.queue, each.messages) for each in found], ""
