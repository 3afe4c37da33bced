"""Publish events from the outbox, each at least once, and delete what is outdated.

Deleted are published events, old idempotency keys and ids of accepted events.
"""

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

import structlog

from coupon_core.domain.models import Event, utc_now
from coupon_core.messaging.broker import create_connection
from coupon_core.messaging.cloud_events import OutgoingMessage, to_outgoing_message
from coupon_core.messaging.publisher import (
    Publisher,
    PublishRejected,
    PublishUnconfirmed,
)
from coupon_core.messaging.topology import OUT_EXCHANGE
from coupon_core.observability import metrics, tracing
from coupon_core.observability.error_summary import describe_error
from coupon_core.persistence import database, diagnostics
from coupon_core.services import idempotency, outbox
from coupon_core.services.events import dead_letters, milestones
from workers.interval_timer import IntervalTimer
from workers.outages import BUS, DATABASE, OUTAGES

log = structlog.get_logger("coupon.relay")

# A relay that is killed between publishing and marking causes at most one batch to be
# sent twice; that batch waits until the claim expires.
BATCH_SIZE = 50
CLAIM_DURATION = timedelta(seconds=10)
IDLE_PAUSE_SECONDS = 0.2
RECONNECT_PAUSE_SECONDS = 1.0
EVENT_RETENTION = timedelta(days=7)
# Events are not expected to be repeated after a month. If one is, its coupons are
# still not earned twice.
ACCEPTED_ID_RETENTION = timedelta(days=30)
PURGE_INTERVAL_SECONDS = 60.0
PURGE_BATCH_SIZE = 500


def run(broker_url: str, stop: threading.Event, beat: Callable[[], None]) -> None:
    """Relay until `stop` is set; reconnect when the database or broker fails."""
    while not stop.is_set():
        try:
            with create_connection(broker_url) as connection:
                _relay(Publisher(connection, broker_url), stop, beat)
        except PublishUnconfirmed as error:
            log.warning("the broker does not confirm events", detail=str(error))
        except Exception as error:
            is_database = isinstance(error, diagnostics.DATABASE_ERRORS)
            OUTAGES.fail("cannot relay", error, DATABASE if is_database else BUS)
        finally:
            with suppress(*diagnostics.DATABASE_ERRORS):
                database.release_connection()
        beat()
        stop.wait(RECONNECT_PAUSE_SECONDS)


def _relay(
    publisher: Publisher, stop: threading.Event, beat: Callable[[], None]
) -> None:
    purge_timer, rounds = IntervalTimer(PURGE_INTERVAL_SECONDS), outbox.ClaimRounds()
    while not stop.is_set():
        claimed_count = run_once(publisher, rounds)
        beat()
        OUTAGES.recover()
        if claimed_count < BATCH_SIZE:
            if purge_timer.is_due() and purge_expired(utc_now()):
                purge_timer.reset()
            stop.wait(IDLE_PAUSE_SECONDS)


def purge_expired(now: datetime) -> bool:
    """Delete expired rows; return True if there may be more of them."""
    counts = (
        outbox.purge(now - EVENT_RETENTION, PURGE_BATCH_SIZE),
        idempotency.purge(now, PURGE_BATCH_SIZE),
        milestones.purge_accepted_ids(now - ACCEPTED_ID_RETENTION, PURGE_BATCH_SIZE),
    )
    return PURGE_BATCH_SIZE in counts


def run_once(publisher: Publisher, rounds: outbox.ClaimRounds) -> int:
    """Publish one batch; return the number of claimed events.

    The claim is committed first, so that no broker call happens inside a transaction.
    """
    now = utc_now()
    events = rounds.claim(BATCH_SIZE, now, until=now + CLAIM_DURATION)
    messages = {
        event.event_id: message
        for event in events
        for message in _build_messages(event)
    }
    sendable = [event for event in events if event.event_id in messages]
    if sendable:
        _publish(publisher, sendable, list(messages.values()))
    return len(events)


def _publish(
    publisher: Publisher, events: Sequence[Event], messages: Sequence[OutgoingMessage]
) -> None:
    """Publish events together; if the broker rejects one, publish them one by one."""
    try:
        traces = ((event.event_type, event.traceparent) for event in events)
        with tracing.trace_each(tracing.PUBLISH, traces):
            publisher.publish(messages)
        outbox.mark_sent(events)
        metrics.count_relayed_events("sent", len(events))
    except PublishRejected:
        _publish_each(publisher, events, messages)
    except Exception:
        outbox.release(events)
        raise


def _publish_each(
    publisher: Publisher, events: Sequence[Event], messages: Sequence[OutgoingMessage]
) -> None:
    # Rejected events remain claimed, so that later events are published first.
    for event, message in zip(events, messages, strict=True):
        try:
            publisher.publish([message])
            outbox.mark_sent([event])
            metrics.count_relayed_events("sent")
        except PublishRejected as error:
            log.warning(
                "not taken", event_id=event.event_id, error=describe_error(error)
            )
            metrics.count_relayed_events("not_taken")


def _build_messages(event: Event) -> list[OutgoingMessage]:
    """Return the message of an event, or store a dead letter if there is none."""
    try:
        return [to_outgoing_message(event)]
    except ValueError as error:
        reason = f"cannot be sent: {error}"
        log.error("event cannot be sent", event_id=event.event_id)
        metrics.count_relayed_events("buried")
        dead_letters.store_dead_letter(
            OUT_EXCHANGE,
            event.event_type,
            content_type="",
            body=event.data.encode("utf-8", "replace"),
            reason=reason,
            now=utc_now(),
            tenant_id=event.tenant_id,
        )
        outbox.mark_sent([event])
        return []
