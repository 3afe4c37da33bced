"""Tests of PATCH and PUT on definitions, and of rules that coupons freeze."""

from __future__ import annotations

from typing import Any

import pytest

from coupon_core.domain.models import utc_now
from coupon_core.services.coupons import redemption
from coupon_core.services.coupons.redemption import RedeemRequest
from tests.support.admin_client import AdminClient, expect_refusal

NO_LIMITS = {"per_code": None, "per_user": None, "total": None, "per_user_period": None}
STREAK = {
    "enabled": True,
    "trigger": "streak_milestone",
    "trigger_config": {"streak_id": "daily-login", "milestone_threshold": 7},
}
FULL: dict[str, Any] = {
    "code_prefix": "WELCOME",
    "code_length": 10,
    "starts_at": "2030-01-01T00:00:00Z",
    "expires_at": "2030-01-31T00:00:00Z",
    "usage_limit": {"limit_type": "global", "max_uses": 5},
    "auto_generate": STREAK,
}
# The patch, and the members in which `config` then differs; None means removed.
PATCHES: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({}, {}),
    ({"code_length": 12}, {"code_length": 12}),
    ({"code_prefix": None}, {"code_prefix": None}),
    ({"code_prefix": ""}, {"code_prefix": None}),
    ({"starts_at": None, "expires_at": None}, {"starts_at": None, "expires_at": None}),
    (
        {"usage_limit": {"limit_type": "unlimited"}},
        {"usage_limit": {"limit_type": "unlimited"}, "limits": NO_LIMITS},
    ),
    (
        {"limits": {"per_user": 3, "per_code": 2}},
        {
            "usage_limit": {"limit_type": "per_user", "max_uses": 2},
            "limits": {**NO_LIMITS, "per_user": 3, "per_code": 2},
        },
    ),
    ({"limits": {**NO_LIMITS, "total": 5}}, {}),
    ({"auto_generate": None}, {"auto_generate": None}),
    ({"auto_generate": {"enabled": False}}, {"auto_generate": STREAK | {"enabled": 0}}),
]


@pytest.mark.parametrize(("changes", "differs"), PATCHES)
def test_patch_changes_what_is_given(
    admin: AdminClient, changes: dict[str, Any], differs: dict[str, Any]
) -> None:
    before = admin.create_definition(**FULL)
    after = admin.patch(f"coupons/{before['id']}", {"config": changes}).json
    expected = before["config"] | differs
    gone = {name for name, value in expected.items() if value is None}
    assert after["config"] == {
        name: value for name, value in expected.items() if name not in gone
    }
    assert admin.get(f"coupons/{before['id']}").json == after


def test_patch_outside_config(admin: AdminClient) -> None:
    before = admin.create_definition(**FULL)
    changes = {"name": "Goodbye", "description": "Over", "status": "archived"}
    after = admin.patch(f"coupons/{before['id']}", changes).json
    assert after == before | changes | {"updated_at": after["updated_at"]}
    cleared = admin.patch(f"coupons/{before['id']}", {"description": None}).json
    assert cleared["description"] == ""


def test_put_takes_back_what_is_absent_but_the_status(admin: AdminClient) -> None:
    before = admin.create_definition(**FULL)
    path = f"coupons/{before['id']}"
    admin.post(f"{path}/pause")
    reward = {"reward_item_id": before["config"]["reward_item_id"]}
    after = admin.put(path, {"name": "Plain", "config": reward}).json
    assert after["config"] == admin.create_definition()["config"] | reward
    assert after["status"] == "paused"
    active = {"name": "Plain", "config": reward, "status": "active"}
    assert admin.put(path, active).json["status"] == "active"


def test_put_needs_a_whole_definition(admin: AdminClient) -> None:
    path = f"coupons/{admin.create_definition()['id']}"
    answer = admin.put(path, {"name": "Plain"})
    assert "config: missing" in expect_refusal(answer, 400, "VALIDATION_ERROR")


def test_random_becomes_custom_while_there_are_no_coupons(admin: AdminClient) -> None:
    path = f"coupons/{admin.create_definition()['id']}"
    changes = {"code_format": "custom", "custom_code": "SAVE10"}
    custom = admin.patch(path, {"config": changes}).json["config"]
    assert custom["custom_code"] == "SAVE10"
    back = {"code_format": "random", "custom_code": None}
    assert "custom_code" not in admin.patch(path, {"config": back}).json["config"]
    admin.create_definition("Next", **changes)  # The code is free again.


@pytest.mark.parametrize(
    "changes",
    [
        {"code_format": "random", "custom_code": None},
        {"custom_code": "OTHER"},
        {"case_sensitive": True},
    ],
)
def test_code_rules_are_frozen_once_there_are_coupons(
    admin: AdminClient, changes: dict[str, Any]
) -> None:
    before = admin.create_definition(code_format="custom", custom_code="SAVE10")
    admin.generate_coupons(before["id"], "a")
    path = f"coupons/{before['id']}"
    expect_refusal(admin.patch(path, {"config": changes}), 409, "CODE_RULES_FROZEN")
    assert admin.get(path).json == before


def test_dates_and_limits_change_with_coupons_there(admin: AdminClient) -> None:
    definition_id = admin.create_definition()["id"]
    admin.generate_coupons(definition_id, "a")
    changes = {
        "expires_at": "2031-01-01T00:00:00Z",
        "usage_limit": {"limit_type": "global", "max_uses": 2},
        "code_length": 12,
    }
    after = admin.patch(f"coupons/{definition_id}", {"config": changes}).json
    assert after["config"].items() >= changes.items()


@pytest.mark.parametrize(
    ("limit_type", "member", "least"),
    [("per_user", "per_code", 2), ("global", "total", 3)],
)
def test_limit_does_not_go_below_what_was_used(
    admin: AdminClient, limit_type: str, member: str, least: int
) -> None:
    unlimited = {"limit_type": "unlimited"}
    definition_id = admin.create_definition(usage_limit=unlimited)["id"]
    for coupon, uses in zip(
        admin.generate_coupons(definition_id, "a", "b"), (2, 1), strict=True
    ):
        for _ in range(uses):
            redeem_request = RedeemRequest(
                "acme", coupon["code"], user_id=coupon["user_id"]
            )
            redemption.redeem(redeem_request, utc_now())
    path = f"coupons/{definition_id}"
    below = {"limit_type": limit_type, "max_uses": least - 1}
    answer = admin.patch(path, {"config": {"usage_limit": below}})
    expected = (
        f"config.limits.{member}: expected at least {least}, the number of uses so far"
    )
    assert expect_refusal(answer, 409, "LIMIT_BELOW_USES") == expected
    enough = {"limit_type": limit_type, "max_uses": least}
    after = admin.patch(path, {"config": {"usage_limit": enough}}).json
    assert after["config"]["usage_limit"] == enough


def test_refused_change_changes_nothing(admin: AdminClient) -> None:
    admin.create_definition("Taken")
    before = admin.create_definition("Mine", starts_at="2030-01-01T00:00:00Z")
    path = f"coupons/{before['id']}"
    for changes, status, code in [
        ({"name": "Taken", "description": "x"}, 409, "NAME_TAKEN"),
        ({"config": {"expires_at": "2029-01-01T00:00:00Z"}}, 400, "DATES_REVERSED"),
        (
            {"config": {"custom_code": "SAVE10", "code_length": 9}},
            400,
            "RANDOM_CODE_WITH_CUSTOM",
        ),
        (
            {"config": {"reward_item_id": before["id"]}},
            400,
            "UNKNOWN_REWARD_ITEM",
        ),
        ({"config": {"auto_generate": {"enabled": True}}}, 400, "TRIGGER_MISSING"),
    ]:
        expect_refusal(admin.patch(path, changes), status, code)
        assert admin.get(path).json == before


PERIOD = {"max_uses": 2, "period": "day"}
# What is sent as `config`, and the member that the refusal names.
CONTRADICTIONS: list[tuple[dict[str, Any], str]] = [
    ({"limits": None}, "limits"),
    ({"limits": {"per_code": 0}}, "limits.per_code"),
    ({"limits": {"per_user": -1}}, "limits.per_user"),
    ({"limits": {"total": 1_000_000_001}}, "limits.total"),
    ({"limits": {"total": "5"}}, "limits.total"),
    ({"limits": {"all": 5}}, "limits.all"),
    ({"limits": {"per_user_period": {"max_uses": 1}}}, "limits.per_user_period.period"),
    ({"limits": {"per_user_period": {**PERIOD, "max_uses": 0}}}, "max_uses"),
    ({"limits": {"per_user_period": {**PERIOD, "period": "year"}}}, "period"),
    (
        {"usage_limit": {"limit_type": "per_user", "max_uses": 1}, "limits": {}},
        "limits",
    ),
    (
        {
            "usage_limit": {"limit_type": "global", "max_uses": 1},
            "limits": {"total": 2, "per_code": 1},
        },
        "limits",
    ),
    ({"usage_limit": {"limit_type": "unlimited"}, "limits": {"total": 1}}, "limits"),
]
REFILL = {"count": 5_000, "below": 500}
CONTRADICTIONS += [
    ({"refill": {}}, "refill.count"),
    ({"refill": {"count": 0}}, "refill.count"),
    ({"refill": {"count": 10_000_001}}, "refill.count"),
    ({"refill": {**REFILL, "below": 0}}, "refill.below"),
    ({"refill": {**REFILL, "below": 5_001}}, "refill.below"),
    ({"refill": {**REFILL, "at": 1}}, "refill.at"),
    ({"refill": 5_000}, "refill"),
]


def test_a_refill_is_shown_and_removed(admin: AdminClient) -> None:
    definition = admin.create_definition(refill={"count": 5_000})
    path = f"coupons/{definition['id']}"
    assert definition["config"]["refill"] == {"count": 5_000, "below": 1}
    changed = admin.patch(path, {"config": {"refill": REFILL}}).json
    assert changed["config"]["refill"] == REFILL
    changed = admin.patch(path, {"config": {"code_length": 9}}).json
    assert changed["config"]["refill"] == REFILL
    changed = admin.patch(path, {"config": {"refill": None}}).json
    assert "refill" not in changed["config"]


def test_replacing_a_definition_removes_its_refill(admin: AdminClient) -> None:
    definition = admin.create_definition(refill=REFILL)
    item_id = definition["config"]["reward_item_id"]
    whole = {"name": definition["name"], "config": {"reward_item_id": item_id}}
    replaced = admin.put(f"coupons/{definition['id']}", whole).json
    assert "refill" not in replaced["config"]


@pytest.mark.parametrize(("config", "member"), CONTRADICTIONS)
def test_limits_that_cannot_be_are_refused(
    sqlite_admin: AdminClient, config: dict[str, Any], member: str
) -> None:
    config = {"reward_item_id": "01890000-0000-7000-8000-000000000000", **config}
    answer = sqlite_admin.post("coupons", {"name": "Limited", "config": config})
    assert member in expect_refusal(answer, 400, "VALIDATION_ERROR")


def test_only_what_usage_limit_limits_is_compared(admin: AdminClient) -> None:
    limits = {"per_code": 1, "per_user": 1, "total": 20, "per_user_period": PERIOD}
    for usage_limit in (
        {"limit_type": "per_user", "max_uses": 1},
        {"limit_type": "global", "max_uses": 20},
    ):
        config = admin.create_definition(
            usage_limit["limit_type"], usage_limit=usage_limit, limits=limits
        )["config"]
        assert config["limits"] == limits
        assert config["usage_limit"] == {"limit_type": "per_user", "max_uses": 1}


def test_a_suspension_is_beside_the_status(admin: AdminClient) -> None:
    before = admin.create_definition()
    path = f"coupons/{before['id']}"
    suspended = admin.post(f"{path}/suspend").json
    assert suspended["suspended_at"].startswith("20")
    assert suspended["status"] == "active"
    assert admin.post(f"{path}/suspend").json == suspended
    paused = admin.patch(path, {"status": "paused"}).json
    assert paused["suspended_at"] == suspended["suspended_at"]
    for _ in range(2):
        resumed = admin.post(f"{path}/resume").json
        assert (resumed["suspended_at"], resumed["status"]) == (None, "paused")
