"""Tests of definitions over HTTP: stored values, lists, status, statistics."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from coupon_core.domain.models import utc_now
from coupon_core.services.coupons import generation, redemption
from coupon_core.services.coupons.redemption import RedeemRequest
from tests.support.admin_client import AdminClient, expect_created, expect_refusal

NO_LIMITS = {"per_code": None, "per_user": None, "total": None, "per_user_period": None}
DEFAULT_CONFIG = {
    "code_format": "random",
    "code_length": 8,
    "case_sensitive": False,
    "usage_limit": {"limit_type": "per_user", "max_uses": 1},
    "limits": {**NO_LIMITS, "per_code": 1},
}
# Each `config` is returned as it was sent.
STORED_CONFIGS: list[dict[str, Any]] = [
    {"code_prefix": "WELCOME", "code_length": 8},
    {"code_pattern": "SUMMER-####-????"},
    {"code_prefix": "WELCOME", "code_length": 8, "code_check": True},
    {"code_length": 32, "code_alphabet": "full"},
    {"code_format": "custom", "custom_code": "SAVE10", "claimable": True},
    {"code_format": "custom", "custom_code": "Spring", "case_sensitive": True},
    {"starts_at": "2030-01-01T00:00:00Z", "expires_at": "2030-01-31T23:59:59Z"},
    {"usage_limit": {"limit_type": "per_user", "max_uses": 3}},
    {"usage_limit": {"limit_type": "global", "max_uses": 1_000_000_000}},
    {"usage_limit": {"limit_type": "unlimited"}, "limits": NO_LIMITS},
    {"limits": {**NO_LIMITS, "per_user": 1, "total": 20}},
    {"limits": {**NO_LIMITS, "total": 20}, "hot": True},
    {
        "usage_limit": {"limit_type": "per_user", "max_uses": 1},
        "limits": {
            "per_code": 1,
            "per_user": 5,
            "total": 1_000_000_000,
            "per_user_period": {"max_uses": 2, "period": "week"},
        },
    },
    {
        "auto_generate": {
            "enabled": True,
            "trigger": "streak_milestone",
            "trigger_config": {"streak_id": "daily-login", "milestone_threshold": 7},
        }
    },
    {
        "auto_generate": {
            "enabled": False,
            "trigger": "achievement_completed",
            "trigger_config": {"achievement_id": "first-win"},
        }
    },
    {
        "auto_generate": {
            "enabled": True,
            "trigger": "leaderboard_rank",
            "trigger_config": {"leaderboard_id": "xp-weekly", "rank_threshold": 3},
        }
    },
]


def test_a_reward_is_all_that_a_config_needs(admin: AdminClient) -> None:
    reward_id = admin.create_reward_item()["item_id"]
    config = {"reward_item_id": reward_id}
    answer = admin.post("coupons", {"name": "Welcome", "config": config})
    definition = expect_created(answer)
    assert definition["config"] == config | DEFAULT_CONFIG
    assert (definition["status"], definition["description"]) == ("active", "")
    assert definition["tenant_id"] == "acme"
    assert admin.get(answer.headers["Location"]).json == definition


def test_what_was_sent_comes_back(admin: AdminClient) -> None:
    for number, config in enumerate(STORED_CONFIGS):
        definition = admin.create_definition(f"Number {number}", **config)
        assert definition["config"].items() >= config.items()
        assert admin.get(f"coupons/{definition['id']}").json == definition


def test_times_are_written_in_utc(admin: AdminClient) -> None:
    config = admin.create_definition(expires_at="2030-01-01T01:30:00+01:30")["config"]
    assert config["expires_at"] == "2030-01-01T00:00:00Z"


def test_custom_code_loses_its_blanks(admin: AdminClient) -> None:
    definition = admin.create_definition(code_format="custom", custom_code=" SAVE10 ")
    assert definition["config"]["custom_code"] == "SAVE10"


def test_the_flat_spelling_reaches_the_same_definitions(admin: AdminClient) -> None:
    definition = admin.create_definition()
    assert admin.get("/v1/coupons?tenant_id=acme").json["definitions"] == [definition]
    assert admin.get(f"/v1/coupons/{definition['id']}").json == definition


def test_list_is_filtered_by_status_and_part_of_the_name(admin: AdminClient) -> None:
    names = ["Summer Sale", "Winter Sale", "Welcome"]
    ids = {name: admin.create_definition(name)["id"] for name in names}
    admin.post(f"coupons/{ids['Winter Sale']}/pause")
    assert list_names(admin, "") == names[::-1]
    assert list_names(admin, "?name=sale") == ["Winter Sale", "Summer Sale"]
    assert list_names(admin, "?name=sale&status=paused") == ["Winter Sale"]
    assert list_names(admin, "?limit=1&offset=1") == ["Winter Sale"]
    assert list_names(admin, "?name=%25") == []


def list_names(admin: AdminClient, query: str) -> list[str]:
    """Return the names of the definitions that match a query."""
    return [
        definition["name"]
        for definition in admin.get(f"coupons{query}").json["definitions"]
    ]


def test_total_counts_all_matches(admin: AdminClient) -> None:
    for number in range(3):
        admin.create_definition(f"Number {number}")
    page = admin.get("coupons?limit=1").json
    assert (len(page["definitions"]), page["total"]) == (1, 3)


@pytest.mark.parametrize(
    ("way", "status"),
    [("pause", "paused"), ("archive", "archived"), ("activate", "active")],
)
def test_status_changes_by_route(admin: AdminClient, way: str, status: str) -> None:
    path = f"coupons/{admin.create_definition()['id']}"
    assert admin.post(f"{path}/{way}").json["status"] == status
    again = admin.post(f"{path}/{way}").json
    assert again["status"] == status
    assert admin.get(path).json == again


def test_delete_archives(admin: AdminClient) -> None:
    path = f"coupons/{admin.create_definition()['id']}"
    assert admin.delete(path).status_code == 204
    assert admin.get(path).json["status"] == "archived"


def test_only_active_definitions_generate(admin: AdminClient) -> None:
    path = f"coupons/{admin.create_definition()['id']}"
    for way in ("pause", "archive"):
        admin.post(f"{path}/{way}")
        answer = admin.post(f"{path}/generate", {"user_ids": ["a"]})
        expect_refusal(answer, 409, "DEFINITION_NOT_ACTIVE")
    admin.post(f"{path}/activate")
    expect_created(admin.post(f"{path}/generate", {"user_ids": ["a"]}))


def test_stats_count_coupons_by_status_and_redemptions(admin: AdminClient) -> None:
    limit = {"limit_type": "per_user", "max_uses": 2}
    definition_id = admin.create_definition(usage_limit=limit)["id"]
    issued = admin.generate_coupons(definition_id, "a", "b", "c", "d")
    # Over HTTP no coupon is given an expiry in the past.
    past = datetime(2020, 1, 1, tzinfo=UTC)
    generation.generate("acme", definition_id, ["e"], utc_now(), expires_at=past)
    redeem(issued[0]["code"], "a", times=2)
    redeem(issued[1]["code"], "b", times=1)
    admin.post(f"coupons/{definition_id}/coupons/{issued[2]['id']}/revoke")
    assert admin.get(f"coupons/{definition_id}/stats").json == {
        "definition_id": definition_id,
        "coupons": {"active": 2, "redeemed": 1, "expired": 1, "revoked": 1},
        "total": 5,
        "redemptions": 3,
    }


def redeem(code: str, user_id: str, times: int = 1) -> None:
    """Redeem a code of tenant "acme" `times` times."""
    for _ in range(times):
        redemption.redeem(RedeemRequest("acme", code, user_id), utc_now())


def test_stats_of_none_are_zero(admin: AdminClient) -> None:
    path = f"coupons/{admin.create_definition()['id']}/stats"
    stats = admin.get(path).json
    assert (stats["total"], stats["redemptions"]) == (0, 0)


@pytest.mark.parametrize("definition_id", ["nonsense", "a" * 36])
def test_missing_definition_is_not_found(
    admin: AdminClient, definition_id: str
) -> None:
    path = f"coupons/{definition_id}"
    for method, rest, body in [
        ("GET", "", None),
        ("PATCH", "", {"name": "x"}),
        ("DELETE", "", None),
        ("GET", "/stats", None),
        ("POST", "/pause", None),
        ("POST", "/generate", {"count": 1}),
    ]:
        answer = admin.call(method, path + rest, body)
        expect_refusal(answer, 404, "DEFINITION_NOT_FOUND")


def test_definition_of_another_tenant_answers_like_a_missing_one(
    admin: AdminClient, other_admin: AdminClient
) -> None:
    path = f"coupons/{other_admin.create_definition()['id']}"
    expect_refusal(admin.get(path), 404, "DEFINITION_NOT_FOUND")
    expect_refusal(
        admin.patch(path, {"status": "archived"}), 404, "DEFINITION_NOT_FOUND"
    )
    expect_refusal(admin.get(f"{path}/coupons"), 404, "DEFINITION_NOT_FOUND")
    assert other_admin.get(path).json["status"] == "active"


def test_reward_of_another_tenant_is_unknown(
    admin: AdminClient, other_admin: AdminClient
) -> None:
    config = {"reward_item_id": other_admin.create_reward_item()["item_id"]}
    answer = admin.post("coupons", {"name": "Theft", "config": config})
    assert "reward_item_id" in expect_refusal(answer, 400, "UNKNOWN_REWARD_ITEM")
