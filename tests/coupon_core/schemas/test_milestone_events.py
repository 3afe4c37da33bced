"""Tests of the quick way to load messages: it decides like the schemas themselves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from marshmallow import ValidationError

from coupon_core.schemas import milestone_events
from coupon_core.schemas.base import LenientSchema, load_message

VALID_DOCUMENTS: Mapping[type[LenientSchema], dict[str, Any]] = {
    milestone_events.CloudEventSchema: {
        "specversion": "1.0",
        "type": "streak.milestone_reached",
        "source": "/streaks",
        "id": "event-1",
        "subject": "ann",
        "tenantid": "acme",
        "time": "2026-01-02T03:04:05+01:00",
        "datacontenttype": "application/json",
        "data": {"streak_id": "daily", "threshold": 7},
    },
    milestone_events.PhoenixEventSchema: {
        "event_id": "event-1",
        "event_type": "leaderboard.rank_achieved",
        "tenant_id": "acme",
        "user_id": "ann",
        "timestamp": "2026-01-02T03:04:05Z",
        "attributes": {"leaderboard_id": "top", "rank": 1},
    },
    milestone_events.StreakDataSchema: {
        "streak_id": "daily",
        "threshold": 7,
        "run_id": "run-1",
    },
    milestone_events.AchievementDataSchema: {
        "achievement_id": "first",
        "completion_count": 2,
    },
    milestone_events.LeaderboardDataSchema: {
        "leaderboard_id": "top",
        "rank": 1,
        "window_key": "2026-01",
    },
}
OTHER_VALUES = (None, "", "x", "x" * 600, "x\0", 0, 7, 10**10, 1.5, True, {}, [])


def get_outcome(load: Callable[[Any], Any], document: Mapping[str, Any]) -> Any:
    """Return what a load returns, or all messages of its errors."""
    try:
        return load(document)
    except ValidationError as error:
        return error.messages


@pytest.mark.parametrize("schema_class", VALID_DOCUMENTS)
def test_a_message_is_loaded_as_by_its_schema(
    schema_class: type[LenientSchema],
) -> None:
    schema, valid = schema_class(), VALID_DOCUMENTS[schema_class]
    assert valid.keys() == schema.load_fields.keys()
    documents = [valid, {**valid, "unknown": 1}, {}, dict.fromkeys(valid)]
    for name in valid:
        documents.append({key: valid[key] for key in valid if key != name})
        documents += [{**valid, name: value} for value in OTHER_VALUES]
    for document in documents:
        expected = get_outcome(schema.load, document)
        assert (
            get_outcome(lambda each: load_message(schema, each), document) == expected
        )
