"""`couponctl reward`, `definition` and `generate`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.cli_runner import CouponctlRunner

ACME = "--tenant", "acme"
UNKNOWN_ID = "0198c0de-0000-7000-8000-000000000000"


def test_a_reward_item_is_told_as_over_http(acme_cli: CouponctlRunner) -> None:
    words = "--name", "100 points", "--type", "points", "--payload", '{"amount": 100}'
    created = acme_cli.json("reward", "create", *ACME, *words)
    assert list(created) == [
        *("item_id", "tenant_id", "name", "description", "reward_type", "payload"),
        *("metadata", "created_at", "updated_at"),
    ]
    assert created["payload"] == {"amount": 100}
    assert acme_cli.json("reward", "show", *ACME, created["item_id"]) == created


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ('{"amount": NaN}', "a finite number was expected"),
        ('{"a": 1, "a": 2}', "this one is repeated"),
        ('{"amount": 99999999999999999999}', "at most 64 bits"),
        ('{"name": "\\u0000"}', "expected"),
        ("[1]", "a JSON object was expected"),
    ],
)
def test_a_payload_is_read_as_strictly_as_over_http(
    cli_without_tables: CouponctlRunner, payload: str, expected: str
) -> None:
    words = "--name", "gems", "--type", "points", "--payload", payload
    usage_error = cli_without_tables.expect_usage_error(
        "reward", "create", *ACME, *words
    )
    assert expected in " ".join(usage_error.replace("│", " ").split())


def test_options_win_over_the_file(acme_cli: CouponctlRunner) -> None:
    body = json.dumps({"name": "gems", "reward_type": "currency", "payload": {"n": 1}})
    words = "--file", "-", "--name", "250 gems"
    created = acme_cli.json("reward", "create", *ACME, *words, stdin=body)
    assert (created["name"], created["reward_type"]) == ("250 gems", "currency")
    assert created["payload"] == {"n": 1}


def test_an_update_leaves_alone_what_is_not_given(acme_cli: CouponctlRunner) -> None:
    words = "--name", "old", "--type", "points", "--payload", '{"amount": 1}'
    created = acme_cli.json("reward", "create", *ACME, *words)
    words = created["item_id"], "--name", "new"
    changed = acme_cli.json("reward", "update", *ACME, *words)
    assert (changed["name"], changed["payload"]) == ("new", {"amount": 1})


def test_a_reward_item_goes_when_no_definition_names_it(
    acme_cli: CouponctlRunner,
) -> None:
    acme_cli.create_definition()
    (item,) = acme_cli.json("reward", "list", *ACME)["reward_items"]
    delete = "reward", "delete", *ACME, item["item_id"]
    assert (
        acme_cli.expect_refusal(*delete, status=5)
        == "A definition uses this reward item"
    )
    words = "--name", "free", "--type", "points"
    free = acme_cli.json("reward", "create", *ACME, *words)["item_id"]
    assert acme_cli.json("reward", "delete", *ACME, free) == {"deleted": free}
    assert (
        acme_cli.expect_refusal("reward", "show", *ACME, free, status=4)
        == f'Reward item "{free}" not found; '
        "`couponctl reward list --tenant acme` shows all"
    )


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('{"name": "a"}', "Invalid body: reward_type: missing"),
        ('{"name": "a", "reward_type": "b", "nmae": 1}', "nmae: unknown member"),
        ('{"name": "a", "name": "b"}', "name"),
        ("[]", "a JSON object was expected"),
        ("", "a JSON object was expected"),
    ],
)
def test_a_file_is_read_as_strictly_as_a_request(
    cli_without_tables: CouponctlRunner, body: str, expected: str
) -> None:
    cli_without_tables.run("db", "upgrade")
    cli_without_tables.create_tenant()
    words = "reward", "create", *ACME, "--file", "-"
    assert expected in cli_without_tables.expect_refusal(*words, stdin=body)


def test_options_make_the_documented_config(acme_cli: CouponctlRunner) -> None:
    words = "--prefix", "WELCOME", "--length", "6", "--per-user", "3"
    dates = "--starts", "2026-01-01T00:00:00Z", "--expires", "2099-01-01T00:00:00Z"
    created = acme_cli.create_definition("Welcome", *words, *dates)
    config = acme_cli.json("definition", "show", *ACME, created)["config"]
    config.pop("reward_item_id")
    assert config == {
        "code_format": "random",
        "code_prefix": "WELCOME",
        "code_length": 6,
        "case_sensitive": False,
        "usage_limit": {"limit_type": "per_user", "max_uses": 3},
        "limits": {
            "per_code": 3,
            "per_user": None,
            "total": None,
            "per_user_period": None,
        },
        "starts_at": "2026-01-01T00:00:00Z",
        "expires_at": "2099-01-01T00:00:00Z",
    }


def test_a_code_makes_a_definition_custom(acme_cli: CouponctlRunner) -> None:
    words = "--code", "NEWYEAR", "--claimable", "--total", "1000"
    created = acme_cli.create_definition("New Year", *words)
    config = acme_cli.json("definition", "show", *ACME, created)["config"]
    assert config["code_format"] == "custom"
    assert (config["custom_code"], config["claimable"]) == ("NEWYEAR", True)
    assert config["usage_limit"] == {"limit_type": "global", "max_uses": 1000}


def test_a_definition_is_marked_as_hot_and_back(acme_cli: CouponctlRunner) -> None:
    created = acme_cli.create_definition("Concert", "--total", "500", "--hot")
    shown = ("definition", "show", *ACME, created)
    assert acme_cli.json(*shown)["config"]["hot"] is True
    acme_cli.json("definition", "update", *ACME, created, "--not-hot")
    config = acme_cli.json(*shown)["config"]
    assert ("hot" in config, config["limits"]["total"]) == (False, 500)


@pytest.mark.parametrize(
    ("words", "trigger_config"),
    [
        (
            ("streak_milestone", "--source", "daily", "--threshold", "7"),
            {"streak_id": "daily", "milestone_threshold": 7},
        ),
        (
            ("achievement_completed", "--source", "first-win"),
            {"achievement_id": "first-win"},
        ),
    ],
)
def test_a_trigger_is_named_by_its_source(
    acme_cli: CouponctlRunner, words: tuple[str, ...], trigger_config: dict[str, object]
) -> None:
    created = acme_cli.create_definition("Earned", "--unlimited", "--trigger", *words)
    config = acme_cli.json("definition", "show", *ACME, created)["config"]
    assert config["usage_limit"] == {"limit_type": "unlimited"}
    assert config["auto_generate"] == {
        "enabled": True,
        "trigger": words[0],
        "trigger_config": trigger_config,
    }


def test_a_definition_comes_from_a_file(
    acme_cli: CouponctlRunner, tmp_path: Path
) -> None:
    acme_cli.create_definition()
    (item,) = acme_cli.json("reward", "list", *ACME)["reward_items"]
    config = {"reward_item_id": item["item_id"], "code_prefix": "FILE"}
    path = tmp_path / "definition.json"
    path.write_text(json.dumps({"name": "From a file", "config": config}))
    words = "--file", str(path), "--length", "5"
    created = acme_cli.json("definition", "create", *ACME, *words)
    assert created["name"] == "From a file"
    assert created["config"]["code_prefix"] == "FILE"
    assert created["config"]["code_length"] == 5


def test_limits_are_combined(acme_cli: CouponctlRunner) -> None:
    words = "--per-user", "1", "--per-customer", "2", "--per-period", "1/day"
    created = acme_cli.create_definition("Sale", *words)
    limits = acme_cli.json("definition", "show", *ACME, created)["config"]["limits"]
    period_limit = {"max_uses": 1, "period": "day"}
    expected = {"per_code": 1, "per_user": 2, "per_user_period": period_limit}
    assert limits == {**expected, "total": None}
    words = "--per-customer", "3", "--total", "20"
    changed = acme_cli.json("definition", "update", *ACME, created, *words)
    assert changed["config"]["limits"] == {**expected, "per_user": 3, "total": 20}
    words = "--unlimited", "--total", "2"
    update = "definition", "update", *ACME, created
    message = acme_cli.expect_usage_error(*update, *words)
    assert "Use --unlimited without options that set a limit" in message
    message = acme_cli.expect_usage_error(*update, "--per-period", "1/year")
    assert "expected uses/period, such as 2/day" in message
    changed = acme_cli.json(*update, "--unlimited")
    assert set(changed["config"]["limits"].values()) == {None}


def test_a_refill_is_given_by_two_numbers(acme_cli: CouponctlRunner) -> None:
    created = acme_cli.create_definition("Sale", "--refill", "5000/500")
    update = "definition", "update", *ACME, created
    for value, expected in (
        ("100/10", {"count": 100, "below": 10}),
        ("100", {"count": 100, "below": 1}),
        ("none", None),
    ):
        changed = acme_cli.json(*update, "--refill", value)
        assert changed["config"].get("refill") == expected
    for value in ("many", "10/x", "10/20"):
        message = acme_cli.expect_usage_error(*update, "--refill", value)
        assert f'"{value}": expected COUNT/BELOW' in message.replace("│ ", "")
    message = acme_cli.expect_usage_error(*update, "--refill", "0/0")
    assert "Invalid --refill" in message


def test_what_belongs_to_a_trigger_is_not_passed_over(
    acme_cli: CouponctlRunner,
) -> None:
    created = acme_cli.create_definition(
        "Daily", "--trigger", "streak_milestone", *DAILY_OPTIONS
    )
    words = "definition", "update", *ACME, created, "--threshold", "9"
    message = acme_cli.expect_usage_error(*words)
    assert "--source and --threshold require --trigger" in message


DAILY_OPTIONS = ("--source", "daily", "--threshold", "7")


def test_an_update_changes_the_limit_alone(acme_cli: CouponctlRunner) -> None:
    created = acme_cli.create_definition("Welcome", "--prefix", "HI")
    changed = acme_cli.json("definition", "update", *ACME, created, "--total", "5")
    assert changed["config"]["usage_limit"] == {"limit_type": "global", "max_uses": 5}
    assert changed["config"]["code_prefix"] == "HI"


@pytest.mark.parametrize(
    ("life", "status"),
    [("pause", "paused"), ("archive", "archived"), ("activate", "active")],
)
def test_a_definition_is_paused_archived_and_activated(
    acme_cli: CouponctlRunner, life: str, status: str
) -> None:
    created = acme_cli.create_definition()
    assert acme_cli.json("definition", life, *ACME, created)["status"] == status
    listed = acme_cli.json("definition", "list", *ACME, "--status", status)
    assert [row["id"] for row in listed["definitions"]] == [created]


def test_a_paused_definition_makes_no_coupons(acme_cli: CouponctlRunner) -> None:
    created = acme_cli.create_definition()
    acme_cli.run("definition", "pause", *ACME, created)
    words = "generate", *ACME, "--definition", created, "--user", "u"
    assert "only while the definition is active" in acme_cli.expect_refusal(
        *words, status=5
    )


def test_stats_count_coupons_and_redemptions(acme_cli: CouponctlRunner) -> None:
    created = acme_cli.create_definition()
    first, *_ = acme_cli.generate_coupons(created, "ann", "bob", "cid")
    acme_cli.run("redeem", *ACME, first["code"], "--user", "ann")
    assert acme_cli.json("definition", "stats", *ACME, created) == {
        "definition_id": created,
        "coupons": {"active": 2, "redeemed": 1, "expired": 0, "revoked": 0},
        "total": 3,
        "redemptions": 1,
    }


@pytest.mark.parametrize(
    "command",
    [("reward", "list"), ("definition", "list"), ("coupon", "list"), ("key", "list")],
)
def test_lists_of_an_unknown_tenant_are_refused(
    cli: CouponctlRunner, command: tuple[str, ...]
) -> None:
    assert 'Tenant "acme" not found' in cli.expect_refusal(*command, *ACME, status=4)


def test_what_nobody_has_made_is_not_found(acme_cli: CouponctlRunner) -> None:
    words = "definition", "show", *ACME, UNKNOWN_ID
    assert acme_cli.expect_refusal(*words, status=4) == (
        f'Coupon definition "{UNKNOWN_ID}" not found; '
        "`couponctl definition list --tenant acme` shows all"
    )


def test_a_definition_is_suspended_and_resumed(acme_cli: CouponctlRunner) -> None:
    created = acme_cli.create_definition()
    (issued,) = acme_cli.generate_coupons(created, "ann")
    suspended = acme_cli.json("definition", "suspend", *ACME, created)
    assert (suspended["status"], suspended["suspended_at"] is None) == ("active", False)
    listed = acme_cli.run("definition", "list", *ACME).stdout
    assert suspended["suspended_at"] in listed
    redeem = "redeem", *ACME, issued["code"], "--user", "ann"
    assert acme_cli.expect_refusal(*redeem) == "Coupon is suspended"
    assert acme_cli.json("definition", "resume", *ACME, created)["suspended_at"] is None
    acme_cli.json(*redeem)
