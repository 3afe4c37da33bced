"""Milestones as producers send them: repeated, in any order, partly unreadable."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from coupon_core.messaging.cloud_events import OutgoingMessage
from coupon_core.messaging.publisher import open_publisher
from coupon_core.messaging.topology import EVENTS_EXCHANGE

DUPLICATE_SHARE, NEW_ID_SHARE, POISON_SHARE = 0.10, 0.05, 0.01
BATCH_SIZE = 20
ROUTING_KEY = "streak.milestone"


@dataclass(frozen=True)
class MilestoneFeed:
    """The messages, the users who must get a coupon, and the unreadable bodies."""

    bodies: Sequence[bytes]
    users: frozenset[str]
    poison: frozenset[bytes]


def build_milestone(tenant_id: str, user: str, event_id: str, **data: object) -> bytes:
    """Return a day of a streak as a CloudEvent."""
    document = {
        "specversion": "1.0",
        "id": event_id,
        "source": "/chaos",
        "type": "streak.milestone_reached",
        "subject": user,
        "tenantid": tenant_id,
        "data": {"streak_id": "daily", "threshold": 7, **data},
    }
    return json.dumps(document).encode()


POISON_BUILDERS: tuple[Callable[[str, int], bytes], ...] = (
    lambda tenant, n: f'{{"n": {n}, '.encode(),
    lambda tenant, n: f'{{"n": {n}, "x": NaN}}'.encode(),
    lambda tenant, n: f"\xff\xfe{n}".encode("latin-1"),
    lambda tenant, n: build_milestone("nobody", f"p{n}", f"poison-{n}"),
    lambda tenant, n: build_milestone(tenant, f"p{n}", f"poison-{n}", threshold="7"),
    lambda tenant, n: f"{n}".encode() + b"[" * 50_000,
)


def build_feed(tenant_id: str, count: int, rng: random.Random) -> MilestoneFeed:
    """Build that many messages; a tenth of them are repeats."""
    poison = [
        POISON_BUILDERS[n % len(POISON_BUILDERS)](tenant_id, n)
        for n in range(int(count * POISON_SHARE))
    ]
    repeats, again = int(count * DUPLICATE_SHARE), int(count * NEW_ID_SHARE)
    users = [f"user-{n}" for n in range(count - repeats - again - len(poison))]
    first = [build_milestone(tenant_id, user, f"first-{user}") for user in users]
    renamed = [
        build_milestone(tenant_id, user, f"again-{n}")
        for n, user in enumerate(rng.choices(users, k=again))
    ]
    bodies = [*first, *rng.choices(first, k=repeats), *renamed, *poison]
    rng.shuffle(bodies)
    return MilestoneFeed(bodies, frozenset(users), frozenset(poison))


def send_bodies(broker_url: str, bodies: Sequence[bytes], seconds: float) -> None:
    """Send all messages in about that many seconds, and retry without a broker."""
    pause = seconds / max(len(bodies) / BATCH_SIZE, 1)
    for start in range(0, len(bodies), BATCH_SIZE):
        began = time.monotonic()
        publish_until_confirmed(broker_url, bodies[start : start + BATCH_SIZE])
        time.sleep(max(0.0, pause - (time.monotonic() - began)))


def publish_until_confirmed(broker_url: str, bodies: Sequence[bytes]) -> None:
    """Publish until the broker has confirmed."""
    messages = [OutgoingMessage(EVENTS_EXCHANGE, ROUTING_KEY, body) for body in bodies]
    deadline = time.monotonic() + 90
    while True:
        try:
            with open_publisher(broker_url) as publisher:
                return publisher.publish(messages)
        except Exception:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
