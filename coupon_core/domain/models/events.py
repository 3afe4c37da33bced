"""Events, milestones and dead letters of the message broker."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from coupon_core.domain.enums import Trigger


@dataclass(frozen=True, slots=True)
class Event:
    """An event that is published through the outbox.

    `event_type` is `noun.past_participle`. `data` is a serialized JSON object.
    `traceparent` names the trace in which the event was stored, if one is recorded.
    """

    tenant_id: str
    event_id: str
    event_type: str
    subject: str
    occurred_at: datetime
    data: str
    traceparent: str | None = None


class MilestoneOutcome(StrEnum):
    """What a milestone led to, as the metrics count it."""

    EARNED = "earned"
    NO_COUPON = "no_coupon"
    SUSPENDED = "suspended"  # only a suspension prevented a coupon


@dataclass(frozen=True, slots=True)
class Milestone:
    """A milestone that a user reached: a streak, an achievement, a leaderboard rank.

    `value` is the day or the rank. `occurrence` distinguishes repetitions: the run of
    the streak, the completion count of the achievement, the window of the leaderboard.
    It is "" if the milestone can be reached only once (docs/api-contracts.md 0.17).
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
    """A message that cannot be processed, stored as it was received."""

    tenant_id: str  # "" if the message does not name one
    letter_id: str
    queue: str
    routing_key: str
    content_type: str
    reason: str
    body: bytes  # the first 64 KiB
    received_at: datetime
