"""Parse milestone events in both envelopes: CloudEvents 1.0 and that of Phoenix."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from marshmallow import ValidationError

from coupon_core.domain.models import MILESTONE_TYPES, Milestone, Trigger
from coupon_core.schemas.base import LenientSchema, load_message
from coupon_core.schemas.fields import (
    ChoiceField,
    StrictInteger,
    StrictObject,
    StrictString,
    UtcDateTime,
)
from coupon_core.schemas.identifiers import TenantIdField, UserIdField

MAX_ID_LENGTH = 128
MAX_VALUE = 1_000_000_000


class StreakDataSchema(LenientSchema):
    """Data of the event that a user has reached a day of a streak."""

    streak_id = StrictString(required=True, max_length=MAX_ID_LENGTH)
    threshold = StrictInteger(required=True, min_value=1, max_value=MAX_VALUE)
    run_id = StrictString(max_length=MAX_ID_LENGTH, allow_none=True)


class AchievementDataSchema(LenientSchema):
    """Data of the event that a user has completed an achievement."""

    achievement_id = StrictString(required=True, max_length=MAX_ID_LENGTH)
    completion_count = StrictInteger(min_value=1, max_value=MAX_VALUE, allow_none=True)


class LeaderboardDataSchema(LenientSchema):
    """Data of the event that a user has reached a rank of a leaderboard."""

    leaderboard_id = StrictString(required=True, max_length=MAX_ID_LENGTH)
    rank = StrictInteger(required=True, min_value=1, max_value=MAX_VALUE)
    window_key = StrictString(max_length=MAX_ID_LENGTH, allow_none=True)


class CloudEventSchema(LenientSchema):
    """CloudEvents 1.0 in JSON format; `subject` is the user id."""

    specversion = ChoiceField("1.0", required=True)
    type = ChoiceField(*MILESTONE_TYPES, required=True)
    source = StrictString(required=True, max_length=512)
    id = StrictString(required=True, max_length=MAX_ID_LENGTH)
    subject = UserIdField(required=True)
    tenantid = TenantIdField()
    time = UtcDateTime()
    datacontenttype = StrictString(max_length=64)
    data = StrictObject(required=True)


class PhoenixEventSchema(LenientSchema):
    """The envelope of the event ingestion gateway of Phoenix."""

    event_id = StrictString(required=True, max_length=MAX_ID_LENGTH)
    event_type = ChoiceField(*MILESTONE_TYPES, required=True)
    tenant_id = TenantIdField()
    user_id = UserIdField(required=True)
    timestamp = UtcDateTime()
    attributes = StrictObject(required=True)


# The member names of an envelope: id, type, tenant, user, time, data.
EnvelopeMembers = tuple[str, str, str, str, str, str]
CLOUD_EVENT_MEMBERS: EnvelopeMembers = (
    "id",
    "type",
    "tenantid",
    "subject",
    "time",
    "data",
)
PHOENIX_EVENT_MEMBERS: EnvelopeMembers = (
    "event_id",
    "event_type",
    "tenant_id",
    "user_id",
    "timestamp",
    "attributes",
)

DataReader = tuple[LenientSchema, str, Callable[[Mapping[str, Any]], int], str]
# Per trigger: schema, member of the source id, function for the value, member of
# the occurrence.
DATA_READERS: Mapping[Trigger, DataReader] = {
    Trigger.STREAK_MILESTONE: (
        StreakDataSchema(),
        "streak_id",
        lambda data: int(data["threshold"]),
        "run_id",
    ),
    Trigger.ACHIEVEMENT_COMPLETED: (
        AchievementDataSchema(),
        "achievement_id",
        lambda data: 0,
        "completion_count",
    ),
    Trigger.LEADERBOARD_RANK: (
        LeaderboardDataSchema(),
        "leaderboard_id",
        lambda data: int(data["rank"]),
        "window_key",
    ),
}
_CLOUD_EVENT_SCHEMA = CloudEventSchema()
_PHOENIX_EVENT_SCHEMA = PhoenixEventSchema()


def parse_milestone(
    document: Mapping[str, Any], now: datetime, tenant_id: str | None = None
) -> Milestone:
    """Return the milestone of an event in either envelope.

    `tenant_id` is the tenant of the caller, for events that do not name one. `now`
    replaces a missing time.

    Raises:
        ValidationError: The event lacks a member or has an invalid one.
    """
    is_cloud = "specversion" in document
    schema = _CLOUD_EVENT_SCHEMA if is_cloud else _PHOENIX_EVENT_SCHEMA
    names = CLOUD_EVENT_MEMBERS if is_cloud else PHOENIX_EVENT_MEMBERS
    loaded = load_message(schema, document)
    event_id, event_type, tenant, user, occurred_at, data = (
        loaded.get(name) for name in names
    )
    tenant = tenant or tenant_id
    if not tenant:
        raise ValidationError({names[2]: ["missing; expected a tenant id"]})
    trigger = MILESTONE_TYPES[event_type]
    source_id, value, occurrence = _parse_data(trigger, data, member=names[5])
    return Milestone(
        tenant,
        user,
        event_id=event_id,
        trigger_kind=trigger,
        source_id=source_id,
        value=value,
        occurrence=occurrence,
        occurred_at=occurred_at or now,
    )


def _parse_data(
    trigger: Trigger, data: Mapping[str, Any], member: str
) -> tuple[str, int, str]:
    """Return source id, value and occurrence of the milestone."""
    schema, id_name, read_value, occurrence_name = DATA_READERS[trigger]
    try:
        loaded = load_message(schema, data)
    except ValidationError as error:
        raise ValidationError({member: error.messages}) from None
    occurrence = loaded.get(occurrence_name)
    occurrence_text = "" if occurrence is None else str(occurrence)
    return loaded[id_name], read_value(loaded), occurrence_text
