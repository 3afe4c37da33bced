"""Milestones as producers send them: repeated, in any order, some of them poison."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from coupon_core.messaging.cloud_events import Outgoing
from coupon_core.messaging.publisher import publishing
from coupon_core.messaging.topology import EVENTS

DUPLICATES, NEW_IDS, POISON = 0.10, 0.05, 0.01
BATCH = 20
KEY = "streak.milestone"


@dataclass(frozen=True)
class Feed:
    """What is sent, whom it must earn a coupon, and which bodies nobody can read."""

    bodies: Sequence[bytes]
    users: frozenset[str]
    poison: frozenset[bytes]


def milestone(tenant_id: str, user: str, event_id: str, **data: object) -> bytes:
    """A day of a streak in CloudEvents."""
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


POISONS: tuple[Callable[[str, int], bytes], ...] = (
    lambda tenant, n: f'{{"n": {n}, '.encode(),
    lambda tenant, n: f'{{"n": {n}, "x": NaN}}'.encode(),
    lambda tenant, n: f"\xff\xfe{n}".encode("latin-1"),
    lambda tenant, n: milestone("nobody", f"p{n}", f"poison-{n}"),
    lambda tenant, n: milestone(tenant, f"p{n}", f"poison-{n}", threshold="7"),
    lambda tenant, n: f"{n}".encode() + b"[" * 50_000,
)


def make_feed(tenant_id: str, count: int, choice: random.Random) -> Feed:
    """So many messages, of which a tenth are repeats, and so on (issue 3)."""
    poison = [
        POISONS[n % len(POISONS)](tenant_id, n) for n in range(int(count * POISON))
    ]
    repeats, again = int(count * DUPLICATES), int(count * NEW_IDS)
    users = [f"user-{n}" for n in range(count - repeats - again - len(poison))]
    first = [milestone(tenant_id, user, f"first-{user}") for user in users]
    renamed = [
        milestone(tenant_id, user, f"again-{n}")
        for n, user in enumerate(choice.choices(users, k=again))
    ]
    bodies = [*first, *choice.choices(first, k=repeats), *renamed, *poison]
    choice.shuffle(bodies)
    return Feed(bodies, frozenset(users), frozenset(poison))


def send(broker_url: str, bodies: Sequence[bytes], seconds: float) -> None:
    """Send it all in about so many seconds; a broker that is away is asked again."""
    pause = seconds / max(len(bodies) / BATCH, 1)
    for at in range(0, len(bodies), BATCH):
        began = time.monotonic()
        insist(broker_url, bodies[at : at + BATCH])
        time.sleep(max(0.0, pause - (time.monotonic() - began)))


def insist(broker_url: str, bodies: Sequence[bytes]) -> None:
    """Publish, again and again until the broker has confirmed."""
    messages = [Outgoing(EVENTS, KEY, body) for body in bodies]
    deadline = time.monotonic() + 90
    while True:
        try:
            with publishing(broker_url) as publisher:
                return publisher.publish(messages)
        except Exception:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
