"""What the consumers do: which queues each has, and what handles their messages."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from coupon_core.messaging.topology import QUEUES, WEBHOOK_QUEUES
from workers import fanout, handlers
from workers.handlers import Message


@dataclass(frozen=True, slots=True)
class Duty:
    """The queues of a consumer with their routing keys, and its two handlers."""

    queues: Mapping[str, str]
    handle: Callable[[Message], str]
    handle_together: Callable[[Sequence[Message]], list[str | None]]


MILESTONES = Duty(QUEUES, handlers.handle, handlers.handle_together)
WEBHOOKS = Duty(WEBHOOK_QUEUES, fanout.handle, fanout.handle_together)
