"""The relay: from the outbox to the bus, each event at least once."""

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

import structlog

from coupon_core.domain.models import Event, utc_now
from coupon_core.messaging.broker import connect
from coupon_core.messaging.cloud_events import Outgoing, outgoing
from coupon_core.messaging.publisher import NotTaken, Publisher
from coupon_core.messaging.topology import OUT
from coupon_core.observability import metrics
from coupon_core.observability.error_summary import kind_of
from coupon_core.persistence import database, diagnostics
from coupon_core.services import idempotency, outbox
from coupon_core.services.events import dead_letters, milestones
from workers.interval_timer import Every

log = structlog.get_logger("coupon.relay")

# What a relay that is killed between publishing and marking sends twice is at most a
# batch; so much waits until the claim runs out.
BATCH = 50
CLAIM = timedelta(seconds=10)
IDLE_SECONDS = 0.2
AGAIN_SECONDS = 1.0
KEPT = timedelta(days=7)
# Nobody repeats an event of last month; should one do so, it earns nothing twice.
TAKEN_KEPT = timedelta(days=30)
PURGE_SECONDS, PURGE_BATCH = 60.0, 500


def run(broker_url: str, stop: threading.Event, beat: Callable[[], None]) -> None:
    """Relay until `stop` is set; whatever is away is waited for."""
    while not stop.is_set():
        beat()
        try:
            with connect(broker_url) as connection:
                _relay(Publisher(connection, broker_url), stop, beat)
        except Exception as error:
            log.warning("cannot relay", error=kind_of(error))
        finally:
            with suppress(*diagnostics.FAILURES):
                database.release()
        stop.wait(AGAIN_SECONDS)


def _relay(
    publisher: Publisher, stop: threading.Event, beat: Callable[[], None]
) -> None:
    cleaning = Every(PURGE_SECONDS)
    while not stop.is_set():
        beat()
        if run_once(publisher) < BATCH:
            if cleaning.is_due() and clean(utc_now()):
                cleaning.soon()
            stop.wait(IDLE_SECONDS)


def clean(now: datetime) -> bool:
    """Forget what has been kept long enough; True when there is more of it."""
    counts = (
        outbox.purge(now - KEPT, PURGE_BATCH),
        idempotency.purge(now, PURGE_BATCH),
        milestones.forget(now - TAKEN_KEPT, PURGE_BATCH),
    )
    return PURGE_BATCH in counts


def run_once(publisher: Publisher) -> int:
    """Publish one batch; gives how many events were claimed for it.

    Claimed and committed first, so that no broker call stands inside a transaction.
    """
    now = utc_now()
    events = outbox.claim(BATCH, now, until=now + CLAIM)
    messages = {event.event_id: message for event in events for message in _made(event)}
    sendable = [event for event in events if event.event_id in messages]
    if sendable:
        _publish(publisher, sendable, list(messages.values()))
    return len(events)


def _publish(
    publisher: Publisher, events: Sequence[Event], messages: Sequence[Outgoing]
) -> None:
    """All at once; should one not be taken, one by one, so that it stops no other."""
    try:
        publisher.publish(messages)
        outbox.mark_sent(events)
        metrics.relayed("sent", len(events))
    except NotTaken:
        _publish_each(publisher, events, messages)
    except Exception:
        outbox.release(events)
        raise


def _publish_each(
    publisher: Publisher, events: Sequence[Event], messages: Sequence[Outgoing]
) -> None:
    # What is not taken stays claimed, so that those behind it have their turn first.
    for event, message in zip(events, messages, strict=True):
        try:
            publisher.publish([message])
            outbox.mark_sent([event])
            metrics.relayed("sent")
        except NotTaken as error:
            log.warning("not taken", event_id=event.event_id, error=kind_of(error))
            metrics.relayed("not_taken")


def _made(event: Event) -> list[Outgoing]:
    """The message of an event, if one can be made: else it is a dead letter."""
    try:
        return [outgoing(event)]
    except ValueError as error:
        reason = f"cannot be sent: {error}"
        log.error("event cannot be sent", event_id=event.event_id)
        metrics.relayed("buried")
        body, key = event.data.encode("utf-8", "replace"), event.event_type
        dead_letters.bury(OUT, key, "", body, reason, event.tenant_id, utc_now())
        outbox.mark_sent([event])
        return []
