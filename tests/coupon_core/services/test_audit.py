"""Tests of the values in audit entries: which are recorded, masked, and left out."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from coupon_core.domain.models import CodeFormat, utc_now
from coupon_core.json_encoding import encode_json
from coupon_core.services import audit
from coupon_core.services.catalog import definitions

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
BEFORE = definitions.build_definition(
    "acme", {"name": "Old", "reward_item_id": "gems"}, NOON
)


@pytest.mark.parametrize(
    ("member", "value", "change"),
    [
        ("name", "New", ("Old", "New")),
        ("expires_at", NOON, (None, "2026-01-31T12:00:00Z")),
        ("code_format", CodeFormat.CUSTOM, ("random", "custom")),
        ("total_limit", 5, (0, 5)),
        ("per_code_limit", 0, (1, 0)),
        ("metadata", {"wave": {"of": 2}}, ({}, {"wave": {"of": 2}})),
        ("custom_code", "SUMMER26", ("", "SU*****6")),
        ("description", "x" * 600, ("", "(too long)")),
    ],
)
def test_a_changed_member_has_both_values(
    member: str, value: Any, change: tuple[Any, Any]
) -> None:
    after = replace(BEFORE, **{member: value}, updated_at=utc_now(), used_count=3)
    changes = audit.find_changes(BEFORE, after, BEFORE.definition_id)
    assert changes == {member: {"from": change[0], "to": change[1]}}


def test_a_new_object_has_its_values_that_are_not_empty() -> None:
    changes = audit.find_changes(None, BEFORE, BEFORE.definition_id)
    assert changes["name"] == {"from": None, "to": "Old"}
    assert changes.keys() == {
        *("name", "status", "reward_item_id", "per_code_limit"),
        *("code_format", "code_alphabet", "code_length"),
    }
    deleted = audit.find_changes(BEFORE, None, BEFORE.definition_id)
    assert deleted["name"] == {"from": "Old", "to": None}
    assert deleted.keys() == changes.keys()


def test_the_query_of_a_url_is_masked() -> None:
    url = "https://hooks.example.invalid/x"
    changes = audit.find_changes({"url": url}, {"url": f"{url}?token=abc"}, "7")
    assert changes == {"url": {"from": url, "to": f"{url}?***"}}


def test_the_values_of_an_entry_are_limited() -> None:
    before = {f"member_{number}": "" for number in range(20)}
    changes = audit.find_changes(before, dict.fromkeys(before, "x" * 400), "7")
    kept = audit.limit_size(changes)
    assert 0 < len(kept) < len(changes) == len(before)
    assert len(encode_json(kept)) <= audit.MAX_CHANGES_BYTES
