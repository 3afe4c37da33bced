"""Deliberately broken workers; the checks must detect each of them.

A mutation replaces one part of the product while its block runs, in any process.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any
from unittest.mock import patch

from coupon_core.domain.models.webhooks import Delivery, Webhook, WebhookResponse
from coupon_core.messaging.publisher import PublisherConfirms
from coupon_core.messaging.redis_transport import Channel
from coupon_core.persistence.id_generation import generate_id
from coupon_core.persistence.repositories import batches, webhook_deliveries
from coupon_core.services import outbox
from coupon_core.services.webhooks import delivery
from workers import message_handlers, messages, outbox_relay
from workers.acknowledgement import DeliveryProcessor

FAR_FUTURE = "9999-01-01T00:00:00.000Z"
Mutation = AbstractContextManager[Any]


def marks_before_it_publishes() -> Mutation:
    """Mark events as sent before the broker has them."""

    def early(publisher: Any, events: Any, messages: Any) -> None:
        outbox.mark_sent(events)
        publisher.publish(messages)

    return patch.object(outbox_relay, "_publish", early)


def waits_for_no_confirm() -> Mutation:
    """Count events as stored once they are written to RabbitMQ's socket."""
    return patch.object(PublisherConfirms, "wait", lambda _: None)


def acknowledges_before_the_commit() -> Mutation:
    """Acknowledge messages before processing them."""
    settle = DeliveryProcessor.process_pending

    def early(self: DeliveryProcessor) -> None:
        for message, _ in self.pending:
            message.ack()
            message.channel._flush_acknowledged()
        settle(self)

    return patch.object(DeliveryProcessor, "process_pending", early)


def tells_no_occurrence_from_another() -> Mutation:
    """Treat each delivery of a milestone as another occurrence."""
    read = message_handlers._parse_milestone
    return patch.object(
        message_handlers,
        "_parse_milestone",
        lambda message: replace(read(message), occurrence=generate_id()),
    )


def gives_nothing_back() -> Mutation:
    """Never redeliver the messages of a dead worker."""
    return patch.object(Channel, "requeue_stale", lambda _: None)


@contextmanager
def tries_poison_for_ever() -> Iterator[None]:
    """Requeue unprocessable messages without end."""
    again = patch.object(
        DeliveryProcessor,
        "_store_dead_letter",
        lambda self, message, _: self._requeue_last(message),
    )
    with stumbles_over_poison(), again:
        yield


@contextmanager
def stumbles_over_poison() -> Iterator[None]:
    """Fail with an unexpected error on unprocessable messages."""
    read = patch.object(message_handlers, "store_dead_letter", side_effect=RuntimeError)
    with read, patch.object(messages, "store_dead_letter", side_effect=RuntimeError):
        yield


def claims_no_chunk() -> Mutation:
    """Do not record that a chunk was generated."""
    return patch.object(batches, "claim_chunk", lambda key, now: True)


def forgets_whom_it_served() -> Mutation:
    """Never take over the webhooks of a dead worker."""
    return patch.object(webhook_deliveries, "_get_claim_end", lambda *_: FAR_FUTURE)


def settles_before_it_sends() -> Mutation:
    """Record a delivery as accepted before it is sent."""
    due = webhook_deliveries.list_due_deliveries

    def early(webhook: Webhook, limit: int, now: datetime) -> list[Delivery]:
        found = due(webhook, limit, now)
        if found:
            delivery.record_attempt(
                webhook, found, WebhookResponse(200), now, keep_claim=True
            )
        return found

    return patch.object(webhook_deliveries, "list_due_deliveries", early)
