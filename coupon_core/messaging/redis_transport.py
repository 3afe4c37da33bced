"""A Redis transport for kombu that does not lose messages if a consumer dies.

kombu's own transport takes a message with BRPOP and records it as unacknowledged
afterwards; a consumer that is killed in between loses it. Here one script does both,
for several messages at a time, with the clock of Redis. Items that are not valid
messages are delivered as well, so that they can be stored as dead letters.
"""

import base64
import itertools
import json
import time
import uuid
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from queue import Empty
from typing import Any

from kombu.transport import redis, virtual

from coupon_core.messaging.redis_scripts import (
    FIND_STALE_SCRIPT,
    RECEIVE_SCRIPT,
    REQUEUE_SCRIPT,
)
from coupon_core.messaging.topology import EVENTS_EXCHANGE

IDLE_POLL_INTERVAL_SECONDS = 0.05
DEFAULT_PREFETCH_COUNT = 20
MAX_REQUEUED_MESSAGES = 1_000
DEFECT_HEADER = "coupons-fault"  # marks an item that is not a valid message


class QoS(virtual.QoS):
    """Messages that were delivered and not acknowledged yet; Redis records them."""

    def ack(self, delivery_tag: str) -> None:
        """Acknowledge with the next request to Redis.

        Until then the message may be delivered again.
        """
        self.channel.acknowledged_tags.append(delivery_tag)
        super().ack(delivery_tag)

    def reject(self, delivery_tag: str, requeue: bool = False) -> None:
        """Requeue or discard the message."""
        if requeue:
            self.channel.requeue([delivery_tag])
            self._quick_ack(delivery_tag)
        else:
            self.ack(delivery_tag)

    def restore_unacked(self) -> list[Any]:
        """Requeue all messages that were not acknowledged."""
        self._flush()
        self.channel.requeue(list(self._delivered))
        self._delivered.clear()
        return []


class Channel(redis.Channel):
    """Takes messages and records them as unacknowledged in one step."""

    QoS = QoS
    unacked_key = "coupons.unacknowledged"
    unacked_index_key = "coupons.unacknowledged_since"
    sweep_seconds = 5.0
    from_transport_options = (*redis.Channel.from_transport_options, "sweep_seconds")

    def __init__(self, *args: Any, **options: Any) -> None:
        self.acknowledged_tags: list[str] = []
        self.prefetched: deque[tuple[str, bytes, bytes]] = deque()
        self.sequence = itertools.count()
        self.name = uuid.uuid4().hex
        self.stale_checked_at = 0.0
        self.binding_cache: dict[str, list[tuple[str, ...]]] | None = None
        super().__init__(*args, **options)
        self.receive_script = self.client.register_script(RECEIVE_SCRIPT)
        self.requeue_script = self.client.register_script(REQUEUE_SCRIPT)
        self.find_stale_script = self.client.register_script(FIND_STALE_SCRIPT)

    def deliver_next(self) -> None:
        """Deliver the next message.

        Raises:
            Empty: There is no message.
        """
        self.prefetched.extend([] if self.prefetched else self._fetch_messages())
        if not self.prefetched:
            raise Empty
        tag, key, item = self.prefetched.popleft()
        queue = key.decode().partition(self.sep)[0]
        self.connection._deliver(self._parse_envelope(tag, item), queue)

    def basic_ack(self, delivery_tag: str, multiple: bool = False) -> None:
        """Acknowledge a message; with `multiple`, all delivered before it as well."""
        if multiple:  # kombu ignores it
            self.qos._flush()
            before = itertools.takewhile(delivery_tag.__ne__, self.qos._delivered)
            for tag in list(before):
                self.qos.ack(tag)
        self.qos.ack(delivery_tag)

    def _fetch_messages(self) -> list[tuple[str, bytes, bytes]]:
        capacity = DEFAULT_PREFETCH_COUNT - len(self.qos._delivered)
        if self.qos.prefetch_count:
            capacity = self.qos.can_consume_max_estimate()
        acknowledged, self.acknowledged_tags = self.acknowledged_tags, []
        tags = [f"{self.name}.{next(self.sequence)}" for _ in range(capacity)]
        arguments = [len(acknowledged), *acknowledged, *tags]
        received = self.receive_script(
            [*self._unacked_keys(), *self._queue_list_keys()], arguments
        )
        return [(tag.decode(), key, item) for tag, key, item in received]

    def _unacked_keys(self) -> list[str]:
        return [self.unacked_key, self.unacked_index_key]

    def _queue_list_keys(self) -> list[str]:
        """Return the Redis lists of all queues, rotated by one queue each time."""
        queues = deque(self.active_queues)
        queues.rotate(next(self.sequence))
        steps = self.priority_steps
        return [self._q_for_pri(queue, step) for step in steps for queue in queues]

    def _parse_envelope(self, tag: str, item: bytes) -> dict[str, Any]:
        """Return the envelope of an item, or a new one around an invalid item."""
        try:
            envelope = json.loads(item)
            envelope["properties"]["delivery_tag"] = tag
            _require_valid_base64(envelope)
            self.Message(envelope, channel=self)
        except Exception as error:  # the list may contain anything
            return _wrap_invalid_item(tag, item, defect=type(error).__name__)
        return dict(envelope)

    def requeue(self, tags: Iterable[str]) -> None:
        """Return messages to the queues from which they were taken."""
        if delivery_tags := list(tags):
            self.requeue_script(self._unacked_keys(), delivery_tags)

    def requeue_stale(self) -> None:
        """Requeue messages that were not acknowledged in time, every `sweep_seconds`.

        kombu does this only while there is nothing to consume, and by the local clock.
        """
        if time.monotonic() < self.stale_checked_at + self.sweep_seconds:
            return
        self.stale_checked_at = time.monotonic()
        arguments = [int(self.visibility_timeout), MAX_REQUEUED_MESSAGES]
        self.requeue(self.find_stale_script(self._unacked_keys(), arguments))

    @contextmanager
    def cache_bindings(self) -> Iterator[None]:
        """Look up bindings only once within the block, not for every message."""
        self.binding_cache = {}
        try:
            yield
        finally:
            self.binding_cache = None

    def get_table(self, exchange: str) -> list[tuple[str, ...]]:
        """Return the bindings of an exchange."""
        cache = {} if self.binding_cache is None else self.binding_cache
        if exchange not in cache:
            cache[exchange] = self._read_table(exchange)
        return cache[exchange]

    def _read_table(self, exchange: str) -> list[tuple[str, ...]]:
        """Return the bindings in Redis, without entries that kombu cannot read."""
        with self.conn_or_acquire() as client:
            members = client.smembers(self.keyprefix_queue % exchange)
        rows = (tuple(m.decode(errors="replace").split(self.sep)) for m in members)
        return [row for row in rows if len(row) == 3]  # routing key, pattern and queue

    def _lookup(
        self, exchange: str, routing_key: str, default: str | None = None
    ) -> list[str]:
        queues: list[str] = super()._lookup(exchange, routing_key, default=default)
        if not queues and exchange == EVENTS_EXCHANGE:
            # Redis has no bindings (after FLUSHALL, for example) and would lose it.
            raise self.ResponseError(f"no queue is bound to {routing_key}")
        return queues

    def close(self) -> None:
        """Acknowledge processed messages and requeue the others.

        If Redis is unavailable, the messages are requeued when they are stale.
        """
        with suppress(*self.connection_errors, self.ResponseError):
            if not self.closed:
                self._flush_acknowledged()
                self.requeue(tag for tag, _, _ in self.prefetched)
                self.qos.restore_unacked()
        self.prefetched.clear()
        with suppress(*self.connection_errors, self.ResponseError):
            super().close()

    def _flush_acknowledged(self) -> None:
        if self.acknowledged_tags:
            arguments = [len(self.acknowledged_tags), *self.acknowledged_tags]
            self.receive_script(self._unacked_keys(), arguments)
            self.acknowledged_tags = []


def _require_valid_base64(envelope: dict[str, Any]) -> None:
    """Reject a body that kombu would decode by ignoring invalid characters.

    Raises:
        ValueError: The body is not valid base64.
    """
    if envelope["properties"].get("body_encoding") == "base64":
        base64.b64decode(envelope["body"], validate=True)


def _wrap_invalid_item(tag: str, item: bytes, defect: str) -> dict[str, Any]:
    return {
        "body": base64.b64encode(item).decode(),
        "content-type": "application/octet-stream",
        "headers": {DEFECT_HEADER: f"not kombu's envelope: {defect}"},
        "properties": {"delivery_tag": tag, "body_encoding": "base64"},
    }


class Poller(redis.MultiChannelPoller):
    """Polls for messages instead of blocking in BRPOP."""

    def get(self, callback: Any, timeout: float | None = None) -> None:
        """Deliver one message.

        Raises:
            Empty: No channel has a message.
        """
        for channel in list(self._channels):
            channel.requeue_stale()
            with suppress(Empty):
                channel.deliver_next()
                return
        raise Empty


class Transport(redis.Transport):
    """A Redis transport that keeps messages if a consumer dies."""

    Channel = Channel

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.cycle, self.polling_interval = Poller(), IDLE_POLL_INTERVAL_SECONDS
