"""Tests that each invalid value in a body is refused with a 400 that names it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.admin_client import AdminClient, expect_refusal
from tests.support.invalid_values import (
    BAD_BOOLEANS,
    GOOD_DEFINITION,
    UUID,
    build_cases,
    expect_named_refusal,
    with_value,
)

LONG = "x" * 256

# Values that every name must refuse.
BAD_TEXTS = [None, "", 1, 1.0, True, [], {}, LONG, "a\nb", "a\x7fb", "a\u2028b"]
BAD_TIMES = [
    "",
    0,
    True,
    "2030-02-30",
    "2030-01-01T00:00:00 Berlin",
    "2030-01-01T24:00:00Z",
    "2030-02-30T00:00:00Z",
    "1969-12-31T23:59:59Z",
    "10000-01-01T00:00:00Z",
    "2030-01-01T00:00:00+25:00",
    "tomorrow",
]
BAD_UUIDS = [None, "", 1, "nonsense", UUID[:-1], UUID + "0", f"{{{UUID}}}"]

REWARD: dict[str, list[Any]] = {
    "name": BAD_TEXTS,
    "reward_type": [*BAD_TEXTS, "x" * 65],
    "description": [None, 1, "x" * 2_001, "a\x07b"],
    "payload": [None, "", 1, [], [{}], "{}"],
    "item_id": [UUID],
    "tenant_id": ["acme"],
    "created_at": ["2030-01-01T00:00:00Z"],
}
DEFINITION: dict[str, list[Any]] = {
    "name": [*BAD_TEXTS, " ", "a\u202eb", "a\ue000", "a\u0378"],
    "description": [1, "x" * 2_001, "a\x07b", []],
    "status": [None, "", "gone", "Active", 1],
    "config": [None, "", 1, []],
    "id": [UUID],
    "tenant_id": ["acme"],
    "used_count": [0],
    "updated_at": ["2030-01-01T00:00:00Z"],
}
CONFIG: dict[str, list[Any]] = {
    "reward_item_id": BAD_UUIDS,
    "code_format": [None, "", "RANDOM", "list", 1],
    "code_alphabet": [None, "", "hex"],
    "code_pattern": [1, "-####", "#### ", "Ä####", "#" * 65, "A/####", []],
    "code_check": [None, 1, "true"],
    "code_prefix": [1, "_A", "A B", "Ä", "x" * 33, "A/B", []],
    "code_length": [None, 3, 33, 8.0, "8", True, -8, 10**30],
    "custom_code": ["", " ", "_A", "A B", "ſAVE", "Ä", "x" * 65, "A/B", 1, "A\tB"],
    "case_sensitive": BAD_BOOLEANS,
    "claimable": BAD_BOOLEANS,
    "hot": BAD_BOOLEANS,
    "starts_at": BAD_TIMES,
    "expires_at": BAD_TIMES,
    "usage_limit": [None, "", 1, [], "per_user"],
    "auto_generate": ["", 1, [], True],
    "used_count": [0],
    "tenant_id": ["acme"],
}
LIMIT: dict[str, list[Any]] = {
    "limit_type": [None, "", "per_code", "Global", 1],
    "max_uses": [None, 0, -1, 1.0, "1", True, 1_000_000_001, 10**30],
    "used_count": [0],
}
TRIGGER: dict[str, list[Any]] = {
    "enabled": BAD_BOOLEANS,
    "trigger": [None, "", "streak", 1],
    "trigger_config": [None, "", 1, [], {}],
    "trigger_config.streak_id": BAD_TEXTS,
    "trigger_config.milestone_threshold": [None, 0, -1, 7.0, "7", 10**10],
    "trigger_config.rank_threshold": [3],
}
KEY: dict[str, list[Any]] = {
    "name": BAD_TEXTS,
    "scopes": [None, [], "read", {}, ["read"] * 20],
    "scopes.0": [None, "", "admin", "READ", 1, "*"],
    "expires_at": [*BAD_TIMES, "2020-01-01T00:00:00Z"],
    "api_key": ["pk_mine"],
    "tenant_id": ["acme"],
}
GENERATE: dict[str, list[Any]] = {
    "user_ids": [None, [], "a", {}, ["u"] * 1_000_001],
    "user_ids.0": [None, "", 1, "a/b", "a\\b", ".", "..", " a", "a ", "x" * 129],
    "count": [None, 0, -1, 1.0, "1", True, 10_000_001, 2**40],
    "expires_at": BAD_TIMES,
    "tenant_id": ["acme"],
    "status": ["active"],
}
REVOKE: dict[str, list[Any]] = {
    "code": [None, "", 1, "A B", "ſAVE", "x" * 65],
    "user_id": [None, "", 1, "a/b", "x" * 129],
    "coupon_id": [UUID],
}


GOOD_REWARD = {"name": "100", "reward_type": "points"}
COUPONS = f"coupons/{UUID}"
CASES = [
    *build_cases("POST rewards", GOOD_REWARD, REWARD),
    *build_cases(f"PATCH rewards/{UUID}", {}, REWARD),
    *build_cases("POST coupons", GOOD_DEFINITION, DEFINITION),
    *build_cases(f"PATCH {COUPONS}", {}, DEFINITION),
    *build_cases("POST coupons", GOOD_DEFINITION, CONFIG, "config."),
    *build_cases(f"PATCH {COUPONS}", {"config": {}}, CONFIG, "config."),
    *build_cases("POST coupons", GOOD_DEFINITION, LIMIT, "config.usage_limit."),
    *build_cases(f"PUT {COUPONS}", GOOD_DEFINITION, TRIGGER, "config.auto_generate."),
    *build_cases("POST api-keys", {"name": "CI", "scopes": ["read"]}, KEY),
    *build_cases(f"POST {COUPONS}/generate", {"user_ids": ["a"]}, GENERATE),
    *build_cases(f"POST {COUPONS}/coupons/revoke", {"code": "SAVE10"}, REVOKE),
]


@pytest.mark.parametrize(("route", "body", "field"), CASES)
def test_bad_value_is_refused_by_its_name(
    sqlite_admin: AdminClient, route: str, body: dict[str, Any], field: str
) -> None:
    expect_named_refusal(sqlite_admin, route, body, field)


MISSING = [
    ("POST rewards", {}, {"name", "reward_type"}),
    ("POST coupons", {}, {"name", "config"}),
    ("POST coupons", {"name": "a", "config": {}}, {"config.reward_item_id"}),
    ("POST api-keys", {}, {"name"}),
    (f"POST {COUPONS}/generate", {}, {"user_ids"}),
    (f"POST {COUPONS}/generate", {"user_ids": ["a"], "count": 1}, {"user_ids"}),
    (f"POST {COUPONS}/coupons/revoke", {}, {"code"}),
    *(
        (
            "POST coupons",
            with_value(GOOD_DEFINITION, "config.usage_limit", limit),
            {f"config.usage_limit.{field}"},
        )
        for limit, field in [
            ({}, "limit_type"),
            ({"limit_type": "global"}, "max_uses"),
            ({"limit_type": "per_user"}, "max_uses"),
            ({"limit_type": "unlimited", "max_uses": 1}, "max_uses"),
        ]
    ),
    *(
        (
            "POST coupons",
            with_value(GOOD_DEFINITION, "config.auto_generate", trigger),
            {f"config.auto_generate.{field}"},
        )
        for trigger, field in [
            ({}, "enabled"),
            ({"enabled": True, "trigger_config": {}}, "trigger_config"),
            (
                {"enabled": True, "trigger": "achievement_completed"},
                "trigger_config.achievement_id",
            ),
        ]
    ),
]


@pytest.mark.parametrize(("route", "body", "fields"), MISSING)
def test_what_is_missing_or_too_much_is_named(
    sqlite_admin: AdminClient, route: str, body: dict[str, Any], fields: set[str]
) -> None:
    method, path = route.split()
    answer = sqlite_admin.call(method, path, body)
    expect_refusal(answer, 400, "VALIDATION_ERROR")
    assert {detail["path"] for detail in answer.json["details"]} == fields


def test_each_problem_is_reported_once(sqlite_admin: AdminClient) -> None:
    answer = sqlite_admin.get("codes?definition_id=no-uuid")
    message = expect_refusal(answer, 400, "VALIDATION_ERROR")
    assert message == "Invalid query: definition_id: expected a UUID"
    assert len(answer.json["details"]) == 1


@pytest.mark.parametrize(
    ("names", "paths"),
    [
        ({"en": "a\u202eb"}, ["names.en"]),
        ({"x y": "Spring"}, ["names.x y"]),
        ({"en": 5, "de": "\n"}, ["names.de", "names.en"]),
        ({}, ["names"]),
    ],
)
def test_a_text_of_a_language_is_named_by_its_locale(
    sqlite_admin: AdminClient, names: dict[str, Any], paths: list[str]
) -> None:
    answer = sqlite_admin.post("campaigns", {"campaign_id": "spring", "names": names})
    expect_refusal(answer, 400, "VALIDATION_ERROR")
    found = [detail["path"] for detail in answer.json["details"]]
    assert [path for path in found if path.startswith("names")] == paths


def test_nothing_was_changed_by_all_of_that(sqlite_admin: AdminClient) -> None:
    totals = [sqlite_admin.get(path).json["total"] for path in ("rewards", "coupons")]
    assert totals == [0, 0]
    assert sqlite_admin.get("api-keys").json["total"] == 1
