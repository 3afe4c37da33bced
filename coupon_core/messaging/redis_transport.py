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

from coupon_core.messaging.redis_scripts import LATE, PUT_BACK, TAKE
from coupon_core.messaging.topology import EVENTS

IDLE_SECONDS = 0.05
MOST_AT_ONCE = 20
MOST_RESTORED = 1_000
FAULT = "coupons-fault"
"""The header of a message that was made of something that is none."""


class QoS(virtual.QoS):
    """What was taken and not acknowledged yet; Redis knows it already."""

    def ack(self, delivery_tag: str) -> None:
        """Tell Redis at the next opportunity; until then it may come once more."""
        self.channel.acknowledged.append(delivery_tag)
        super().ack(delivery_tag)

    def reject(self, delivery_tag: str, requeue: bool = False) -> None:
        """Put it back, or forget it."""
        if requeue:
            self.channel.put_back([delivery_tag])
            self._quick_ack(delivery_tag)
        else:
            self.ack(delivery_tag)

    def restore_unacked(self) -> list[Any]:
        """Put back all that was not acknowledged."""
        self._flush()
        self.channel.put_back(list(self._delivered))
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
        self.acknowledged: list[str] = []
        self.waiting: deque[tuple[str, bytes, bytes]] = deque()
        self.numbers = itertools.count()
        self.name = uuid.uuid4().hex
        self.swept_at = 0.0
        self.tables: dict[str, list[tuple[str, ...]]] | None = None
        super().__init__(*args, **options)
        self.take_script = self.client.register_script(TAKE)
        self.put_back_script = self.client.register_script(PUT_BACK)
        self.late_script = self.client.register_script(LATE)

    def deliver_one(self) -> None:
        """Hand on the next message. Empty when there is none."""
        if not self.waiting:
            self.waiting.extend(self._take())
        if not self.waiting:
            raise Empty
        tag, key, item = self.waiting.popleft()
        queue = key.decode().partition(self.sep)[0]
        self.connection._deliver(self._envelope(tag, item), queue)

    def _take(self) -> list[tuple[str, bytes, bytes]]:
        room = MOST_AT_ONCE - len(self.qos._delivered)
        if self.qos.prefetch_count:
            room = self.qos.can_consume_max_estimate()
        acknowledged, self.acknowledged = self.acknowledged, []
        tags = [f"{self.name}.{next(self.numbers)}" for _ in range(room)]
        arguments = [len(acknowledged), *acknowledged, *tags]
        found = self.take_script([*self._kept_in(), *self._lists()], arguments)
        return [(tag.decode(), key, item) for tag, key, item in found]

    def _kept_in(self) -> list[str]:
        return [self.unacked_key, self.unacked_index_key]

    def _lists(self) -> list[str]:
        """The lists of all queues, beginning with another queue each time."""
        queues = deque(self.active_queues)
        queues.rotate(next(self.numbers))
        steps = self.priority_steps
        return [self._q_for_pri(queue, step) for step in steps for queue in queues]

    def _envelope(self, tag: str, item: bytes) -> dict[str, Any]:
        """kombu's envelope in the item, or one around it that says what is wrong."""
        try:
            envelope = json.loads(item)
            envelope["properties"]["delivery_tag"] = tag
            _check_body(envelope)
            self.Message(envelope, channel=self)
        except Exception as error:  # whatever somebody has put into the list
            return _wrapped(tag, item, type(error).__name__)
        return dict(envelope)

    def put_back(self, tags: Iterable[str]) -> None:
        """Give messages back to the queues from which they were taken."""
        if chosen := list(tags):
            self.put_back_script(self._kept_in(), chosen)

    def sweep(self) -> None:
        """Now and then, put back what was taken long ago and never acknowledged.

        kombu does it only when there is nothing to consume, and by its own clock.
        """
        if time.monotonic() < self.swept_at + self.sweep_seconds:
            return
        self.swept_at = time.monotonic()
        arguments = [int(self.visibility_timeout), MOST_RESTORED]
        self.put_back(self.late_script(self._kept_in(), arguments))

    @contextmanager
    def same_bindings(self) -> Iterator[None]:
        """Within the block bindings are asked for once, not for every message."""
        self.tables = {}
        try:
            yield
        finally:
            self.tables = None

    def get_table(self, exchange: str) -> list[tuple[str, ...]]:
        """The bindings of an exchange."""
        if self.tables is None:
            return list(super().get_table(exchange))
        if exchange not in self.tables:
            self.tables[exchange] = super().get_table(exchange)
        return self.tables[exchange]

    def _lookup(
        self, exchange: str, routing_key: str, default: str | None = None
    ) -> list[str]:
        found: list[str] = super()._lookup(exchange, routing_key, default)
        if not found and exchange == EVENTS:
            # Else it would vanish: a flushed Redis has forgotten its bindings.
            raise self.ResponseError(f"no queue takes {routing_key}")
        return found

    def close(self) -> None:
        """Acknowledge and give back; a Redis that is away learns it by the sweep."""
        with suppress(*self.connection_errors, self.ResponseError):
            if not self.closed:
                self._forget_acknowledged()
                self.put_back(tag for tag, _, _ in self.waiting)
                self.qos.restore_unacked()
        self.waiting.clear()
        with suppress(*self.connection_errors, self.ResponseError):
            super().close()

    def _forget_acknowledged(self) -> None:
        if self.acknowledged:
            arguments = [len(self.acknowledged), *self.acknowledged]
            self.take_script(self._kept_in(), arguments)
            self.acknowledged = []


def _check_body(envelope: dict[str, Any]) -> None:
    """ValueError for base64 that kombu would read by leaving out what is none."""
    if envelope["properties"].get("body_encoding") == "base64":
        base64.b64decode(envelope["body"], validate=True)


def _wrapped(tag: str, item: bytes, fault: str) -> dict[str, Any]:
    return {
        "body": base64.b64encode(item).decode(),
        "content-type": "application/octet-stream",
        "headers": {FAULT: f"not kombu's envelope: {fault}"},
        "properties": {"delivery_tag": tag, "body_encoding": "base64"},
    }


class Poller(redis.MultiChannelPoller):
    """Asks for messages instead of waiting for BRPOP."""

    def get(self, callback: Any, timeout: float | None = None) -> None:
        """Hand on one message. Empty when no channel has any."""
        for channel in list(self._channels):
            channel.sweep()
            with suppress(Empty):
                channel.deliver_one()
                return
        raise Empty


class Transport(redis.Transport):
    """Redis as a broker that loses nothing with a consumer that dies."""

    Channel = Channel

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.cycle = Poller()
        self.polling_interval = IDLE_SECONDS
