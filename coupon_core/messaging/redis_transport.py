"""kombu's Redis transport, with messages that are never out of Redis and in no list.

kombu's own takes a message with BRPOP and notes it as unacknowledged afterwards: who is
killed in between has lost it. Here a script does both at once, for several messages
together, and the clock is that of Redis. What is no message at all can be taken too.
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
DEFECT_HEADER = "coupons-fault"
"""The header of a message that was made of something that is none."""


class QoS(virtual.QoS):
    """What was taken and not acknowledged yet; Redis knows it already."""

    def ack(self, delivery_tag: str) -> None:
        """Tell Redis at the next opportunity; until then it may come once more."""
        self.channel.acknowledged_tags.append(delivery_tag)
        super().ack(delivery_tag)

    def reject(self, delivery_tag: str, requeue: bool = False) -> None:
        """Put it back, or forget it."""
        if requeue:
            self.channel.requeue([delivery_tag])
            self._quick_ack(delivery_tag)
        else:
            self.ack(delivery_tag)

    def restore_unacked(self) -> list[Any]:
        """Put back all that was not acknowledged."""
        self._flush()
        self.channel.requeue(list(self._delivered))
        self._delivered.clear()
        return []


class Channel(redis.Channel):
    """Takes messages and notes them as unacknowledged in one step."""

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
        """Hand on the next message. Empty when there is none."""
        if not self.prefetched:
            self.prefetched.extend(self._fetch_messages())
        if not self.prefetched:
            raise Empty
        tag, key, item = self.prefetched.popleft()
        queue = key.decode().partition(self.sep)[0]
        self.connection._deliver(self._parse_envelope(tag, item), queue)

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
        """The lists of all queues, beginning with another queue each time."""
        queues = deque(self.active_queues)
        queues.rotate(next(self.sequence))
        steps = self.priority_steps
        return [self._q_for_pri(queue, step) for step in steps for queue in queues]

    def _parse_envelope(self, tag: str, item: bytes) -> dict[str, Any]:
        """kombu's envelope in the item, or one around it that says what is wrong."""
        try:
            envelope = json.loads(item)
            envelope["properties"]["delivery_tag"] = tag
            _require_valid_base64(envelope)
            self.Message(envelope, channel=self)
        except Exception as error:  # whatever somebody has put into the list
            return _wrap_invalid_item(tag, item, defect=type(error).__name__)
        return dict(envelope)

    def requeue(self, tags: Iterable[str]) -> None:
        """Give messages back to the queues from which they were taken."""
        if delivery_tags := list(tags):
            self.requeue_script(self._unacked_keys(), delivery_tags)

    def requeue_stale(self) -> None:
        """Now and then, put back what was taken long ago and never acknowledged.

        kombu does it only when there is nothing to consume, and by its own clock.
        """
        if time.monotonic() < self.stale_checked_at + self.sweep_seconds:
            return
        self.stale_checked_at = time.monotonic()
        arguments = [int(self.visibility_timeout), MAX_REQUEUED_MESSAGES]
        self.requeue(self.find_stale_script(self._unacked_keys(), arguments))

    @contextmanager
    def cache_bindings(self) -> Iterator[None]:
        """Within the block bindings are asked for once, not for every message."""
        self.binding_cache = {}
        try:
            yield
        finally:
            self.binding_cache = None

    def get_table(self, exchange: str) -> list[tuple[str, ...]]:
        """The bindings of an exchange."""
        if self.binding_cache is None:
            return list(super().get_table(exchange))
        if exchange not in self.binding_cache:
            self.binding_cache[exchange] = super().get_table(exchange)
        return self.binding_cache[exchange]

    def _lookup(
        self, exchange: str, routing_key: str, default: str | None = None
    ) -> list[str]:
        queues: list[str] = super()._lookup(exchange, routing_key, default=default)
        if not queues and exchange == EVENTS_EXCHANGE:
            # Else it would vanish: a flushed Redis has forgotten its bindings.
            raise self.ResponseError(f"no queue takes {routing_key}")
        return queues

    def close(self) -> None:
        """Acknowledge and give back; a Redis that is away learns it by the sweep."""
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
    """ValueError for base64 that kombu would read by leaving out what is none."""
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
    """Asks for messages instead of waiting for BRPOP."""

    def get(self, callback: Any, timeout: float | None = None) -> None:
        """Hand on one message. Empty when no channel has any."""
        for channel in list(self._channels):
            channel.requeue_stale()
            with suppress(Empty):
                channel.deliver_next()
                return
        raise Empty


class Transport(redis.Transport):
    """Redis as a broker that loses nothing with a consumer that dies."""

    Channel = Channel

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.cycle = Poller()
        self.polling_interval = IDLE_POLL_INTERVAL_SECONDS
