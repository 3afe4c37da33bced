"""The two envelopes in which milestones come: CloudEvents 1.0 and Phoenix's own."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from marshmallow import ValidationError

from coupon_core.domain.models import MILESTONE_TYPES, Milestone, Trigger
from coupon_core.schemas.base import Tolerant
from coupon_core.schemas.fields import (
    Choice,
    StrictInteger,
    StrictObject,
    StrictString,
    UtcDateTime,
)
from coupon_core.schemas.identifiers import TenantId, UserId

LONGEST_ID = 128
GREATEST = 1_000_000_000


class StreakData(Tolerant):
    """A user has reached a day of a streak."""

    streak_id = StrictString(required=True, most=LONGEST_ID)
    threshold = StrictInteger(required=True, least=1, most=GREATEST)
    run_id = StrictString(most=LONGEST_ID, allow_none=True)


class AchievementData(Tolerant):
    """A user has completed an achievement."""

    achievement_id = StrictString(required=True, most=LONGEST_ID)
    completion_count = StrictInteger(least=1, most=GREATEST, allow_none=True)


class LeaderboardData(Tolerant):
    """A user has reached a rank of a leaderboard."""

    leaderboard_id = StrictString(required=True, most=LONGEST_ID)
    rank = StrictInteger(required=True, least=1, most=GREATEST)
    window_key = StrictString(most=LONGEST_ID, allow_none=True)


class CloudEvent(Tolerant):
    """CloudEvents 1.0 in its JSON form; `subject` is the user."""

    specversion = Choice("1.0", required=True)
    type = Choice(*MILESTONE_TYPES, required=True)
    source = StrictString(required=True, most=512)
    id = StrictString(required=True, most=LONGEST_ID)
    subject = UserId(required=True)
    tenantid = TenantId()
    time = UtcDateTime()
    datacontenttype = StrictString(most=64)
    data = StrictObject(required=True)


class PhoenixEvent(Tolerant):
    """The envelope of Phoenix's ingestion gateway."""

    event_id = StrictString(required=True, most=LONGEST_ID)
    event_type = Choice(*MILESTONE_TYPES, required=True)
    tenant_id = TenantId()
    user_id = UserId(required=True)
    timestamp = UtcDateTime()
    attributes = StrictObject(required=True)


# How each envelope calls: id, type, tenant, user, time, data.
Names = tuple[str, str, str, str, str, str]
CLOUD_NAMES: Names = ("id", "type", "tenantid", "subject", "time", "data")
PHOENIX_NAMES: Names = (
    "event_id",
    "event_type",
    "tenant_id",
    "user_id",
    "timestamp",
    "attributes",
)

Reading = tuple[Tolerant, str, Callable[[Mapping[str, Any]], int], str]
# How each kind of data is read: its schema, its id, its value, its occurrence.
DATA: Mapping[Trigger, Reading] = {
    Trigger.STREAK_MILESTONE: (
        StreakData(),
        "streak_id",
        lambda data: int(data["threshold"]),
        "run_id",
    ),
    Trigger.ACHIEVEMENT_COMPLETED: (
        AchievementData(),
        "achievement_id",
        lambda data: 0,
        "completion_count",
    ),
    Trigger.LEADERBOARD_RANK: (
        LeaderboardData(),
        "leaderboard_id",
        lambda data: int(data["rank"]),
        "window_key",
    ),
}
_cloud_event, _phoenix_event = CloudEvent(), PhoenixEvent()


def milestone_of(
    document: Mapping[str, Any], now: datetime, tenant_id: str | None = None
) -> Milestone:
    """The milestone in an event of either envelope; ValidationError says what is wrong.

    `tenant_id` is the caller's own, for events that need not say it.
    """
    is_cloud = "specversion" in document
    schema = _cloud_event if is_cloud else _phoenix_event
    names = CLOUD_NAMES if is_cloud else PHOENIX_NAMES
    loaded = schema.load(document)
    event_id, kind, tenant, user, when, data = (loaded.get(name) for name in names)
    tenant = tenant or tenant_id
    if not tenant:
        raise ValidationError({names[2]: ["missing; expected a tenant id"]})
    trigger = MILESTONE_TYPES[kind]
    reached = _reached(trigger, data, names[5])
    return Milestone(tenant, user, event_id, trigger, *reached, when or now)


def _reached(
    trigger: Trigger, data: Mapping[str, Any], member: str
) -> tuple[str, int, str]:
    """What was reached, its value, and which time it was."""
    schema, id_name, value, occurrence_name = DATA[trigger]
    try:
        loaded = schema.load(data)
    except ValidationError as error:
        raise ValidationError({member: error.messages}) from None
    occurrence = loaded.get(occurrence_name)
    told = "" if occurrence is None else str(occurrence)
    return loaded[id_name], value(loaded), told
