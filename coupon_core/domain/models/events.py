"""What travels over the bus: events, milestones, and what could not be read."""

from dataclasses import dataclass
from datetime import datetime

from coupon_core.domain.enums import Trigger


@dataclass(frozen=True, slots=True)
class Event:
    """A change that goes out through the outbox; `event_type` is noun.past_participle.

    `data` is a JSON object as text, ready to be sent.
    """

    tenant_id: str
    event_id: str
    event_type: str
    subject: str
    occurred_at: datetime
    data: str


@dataclass(frozen=True, slots=True)
class Milestone:
    """What a user has reached: a streak's day, an achievement, a leaderboard's rank.

    `value` is the day or the rank. `occurrence` tells one reaching from the next:
    the streak's run, how often the achievement was completed, the leaderboard's
    window; "" when it can be reached once for ever (CONTRACTS 0.17).
    """

    tenant_id: str
    user_id: str
    event_id: str
    trigger_kind: Trigger
    source_id: str
    value: int
    occurrence: str
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message that cannot be processed, kept as it came."""

    tenant_id: str  # "" when the message does not say
    letter_id: str
    queue: str
    routing_key: str
    content_type: str
    reason: str
    body: bytes  # the first 64 KiB
    received_at: datetime
