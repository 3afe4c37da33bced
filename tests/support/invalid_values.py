"""Bodies with one invalid value each, and the check of their refusal."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.admin_client import AdminClient, expect_refusal

UUID = "550e8400-e29b-41d4-a716-446655440000"
BAD_BOOLEANS = [None, 0, 1, "true", "", []]
GOOD_DEFINITION = {
    "name": "Welcome",
    "config": {
        "reward_item_id": UUID,
        "usage_limit": {"limit_type": "per_user", "max_uses": 1},
        "auto_generate": {
            "enabled": True,
            "trigger": "streak_milestone",
            "trigger_config": {"streak_id": "daily", "milestone_threshold": 7},
        },
    },
}


def build_cases(
    route: str,
    body: dict[str, Any],
    bad_values: dict[str, list[Any]],
    prefix: str = "",
) -> list[Any]:
    """Return a case per invalid value: the route, the body and the field's path."""
    return [
        pytest.param(route, with_value(body, prefix + path, value), prefix + path)
        for path, values in bad_values.items()
        for value in values
    ]


def with_value(original: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """Return a copy of a body with one value set at a dotted path."""
    body = json.loads(json.dumps(original))
    *parents, last = path.split(".")
    target = body
    for name in parents:
        target = target[name]
    target[int(last) if isinstance(target, list) else last] = value
    return body


def expect_named_refusal(
    admin: AdminClient, route: str, body: dict[str, Any], field: str
) -> None:
    """Check that a body is refused with a 400 that names the field."""
    method, path = route.split()
    answer = admin.call(method, path, body)
    code = "BAD_JSON" if answer.json["code"] == "BAD_JSON" else "VALIDATION_ERROR"
    text = expect_refusal(answer, 400, code)
    if code == "VALIDATION_ERROR":
        paths = [detail["path"] for detail in answer.json["details"]]
        assert any(path.startswith(field) for path in paths), answer.json
        assert "expected" in text
