"""Workers that are broken on purpose: what guards them must catch each of them.

A saboteur replaces one part of the real thing while its block runs, in whichever
process that is; none of it is ever in the product.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any
from unittest.mock import patch

from coupon_core.domain.models.webhooks import Answer, Delivery, Webhook
from coupon_core.messaging.publisher import Confirms
from coupon_core.messaging.redis_transport import Channel
from coupon_core.persistence.id_generation import new_id
from coupon_core.persistence.repositories import batches, webhook_deliveries
from coupon_core.services import outbox
from coupon_core.services.webhooks import delivery as delivering
from workers import message_handlers, messages, outbox_relay
from workers.acknowledgement import Settling

FAR_AWAY = "9999-01-01T00:00:00.000Z"
Sabotage = AbstractContextManager[Any]


def marks_before_it_publishes() -> Sabotage:
    """What the broker has not got yet counts as sent."""

    def early(publisher: Any, events: Any, messages: Any) -> None:
        outbox.mark_sent(events)
        publisher.publish(messages)

    return patch.object(outbox_relay, "_publish", early)


def waits_for_no_confirm() -> Sabotage:
    """What was written to RabbitMQ's socket counts as stored."""
    return patch.object(Confirms, "wait", lambda _: None)


def acknowledges_before_the_commit() -> Sabotage:
    """Messages are acknowledged, then processed."""
    settle = Settling.settle

    def early(self: Settling) -> None:
        for delivery, _ in self.waiting:
            delivery.ack()
            delivery.channel._forget_acknowledged()
        settle(self)

    return patch.object(Settling, "settle", early)


def tells_no_occurrence_from_another() -> Sabotage:
    """Each telling of a milestone counts as another one."""
    read = message_handlers._milestone
    return patch.object(
        message_handlers,
        "_milestone",
        lambda one: replace(read(one), occurrence=new_id()),
    )


def gives_nothing_back() -> Sabotage:
    """What a dead worker had taken stays taken."""
    return patch.object(Channel, "sweep", lambda _: None)


@contextmanager
def tries_poison_for_ever() -> Iterator[None]:
    """What cannot be processed goes to the end of its queue, again and again."""
    again = patch.object(Settling, "_bury", lambda self, one, _: self._put_last(one))
    with stumbles_over_poison(), again:
        yield


@contextmanager
def stumbles_over_poison() -> Iterator[None]:
    """What cannot be processed is no case that was thought of."""
    read = patch.object(message_handlers, "bury", side_effect=RuntimeError)
    with read, patch.object(messages, "bury", side_effect=RuntimeError):
        yield


def claims_no_chunk() -> Sabotage:
    """Whether a chunk has been made is not written down."""
    return patch.object(batches, "claim", lambda key, now: True)


def forgets_whom_it_served() -> Sabotage:
    """Nobody else takes over the webhooks of a worker that died."""
    return patch.object(webhook_deliveries, "_until", lambda *_: FAR_AWAY)


def settles_before_it_sends() -> Sabotage:
    """A delivery is noted as taken, then sent."""
    due = webhook_deliveries.due

    def early(webhook: Webhook, most: int, now: datetime) -> list[Delivery]:
        found = due(webhook, most, now)
        if found:
            delivering.settle(webhook, found, Answer(200), now, goes_on=True)
        return found

    return patch.object(webhook_deliveries, "due", early)
