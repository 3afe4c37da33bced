"""Reward items, definitions and coupons from a shell."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.cli_runner import CouponctlRunner

OF_ACME = "--tenant", "acme"
NO_ID = "0198c0de-0000-7000-8000-000000000000"


def test_a_reward_item_is_told_as_over_http(acme_cli: CouponctlRunner) -> None:
    words = "--name", "100 points", "--type", "points", "--payload", '{"amount": 100}'
    made = acme_cli.json("reward", "create", *OF_ACME, *words)
    assert list(made) == [
        *("item_id", "tenant_id", "name", "description", "reward_type", "payload"),
        *("created_at", "updated_at"),
    ]
    assert made["payload"] == {"amount": 100}
    assert acme_cli.json("reward", "get", *OF_ACME, made["item_id"]) == made


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        ('{"amount": NaN}', "a finite number was expected"),
        ('{"a": 1, "a": 2}', "this one is repeated"),
        ('{"amount": 99999999999999999999}', "at most 64 bits"),
        ('{"name": "\\u0000"}', "expected"),
        ("[1]", "a JSON object was expected"),
    ],
)
def test_a_payload_is_read_as_strictly_as_over_http(
    cli_without_tables: CouponctlRunner, payload: str, said: str
) -> None:
    words = "--name", "gems", "--type", "points", "--payload", payload
    told = cli_without_tables.expect_usage_error("reward", "create", *OF_ACME, *words)
    assert said in " ".join(told.replace("│", " ").split())


def test_options_win_over_the_file(acme_cli: CouponctlRunner) -> None:
    body = json.dumps({"name": "gems", "reward_type": "currency", "payload": {"n": 1}})
    words = "--file", "-", "--name", "250 gems"
    made = acme_cli.json("reward", "create", *OF_ACME, *words, stdin=body)
    assert (made["name"], made["reward_type"]) == ("250 gems", "currency")
    assert made["payload"] == {"n": 1}


def test_an_update_leaves_alone_what_is_not_given(acme_cli: CouponctlRunner) -> None:
    words = "--name", "old", "--type", "points", "--payload", '{"amount": 1}'
    made = acme_cli.json("reward", "create", *OF_ACME, *words)
    words = made["item_id"], "--name", "new"
    changed = acme_cli.json("reward", "update", *OF_ACME, *words)
    assert (changed["name"], changed["payload"]) == ("new", {"amount": 1})


def test_a_reward_item_goes_when_no_definition_names_it(
    acme_cli: CouponctlRunner,
) -> None:
    acme_cli.create_definition()
    (item,) = acme_cli.json("reward", "list", *OF_ACME)["reward_items"]
    delete = "reward", "delete", *OF_ACME, item["item_id"]
    assert (
        acme_cli.expect_refusal(*delete) == "A definition still names this reward item"
    )
    words = "--name", "free", "--type", "points"
    free = acme_cli.json("reward", "create", *OF_ACME, *words)["item_id"]
    assert acme_cli.json("reward", "delete", *OF_ACME, free) == {"deleted": free}
    assert (
        acme_cli.expect_refusal("reward", "get", *OF_ACME, free)
        == "Reward item not found"
    )


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('{"name": "a"}', "Invalid body: reward_type: missing"),
        ('{"name": "a", "reward_type": "b", "nmae": 1}', "nmae: unknown member"),
        ('{"name": "a", "name": "b"}', "name"),
        ("[]", "a JSON object was expected"),
        ("", "a JSON object was expected"),
    ],
)
def test_a_file_is_read_as_strictly_as_a_request(
    cli_without_tables: CouponctlRunner, body: str, said: str
) -> None:
    cli_without_tables.run("db", "upgrade")
    cli_without_tables.create_tenant()
    words = "reward", "create", *OF_ACME, "--file", "-"
    assert said in cli_without_tables.expect_refusal(*words, stdin=body)


def test_options_make_the_documented_config(acme_cli: CouponctlRunner) -> None:
    words = "--prefix", "WELCOME", "--length", "6", "--per-user", "3"
    dates = "--starts", "2026-01-01T00:00:00Z", "--expires", "2099-01-01T00:00:00Z"
    made = acme_cli.create_definition("Welcome", *words, *dates)
    config = acme_cli.json("definition", "get", *OF_ACME, made)["config"]
    config.pop("reward_item_id")
    assert config == {
        "code_format": "random",
        "code_prefix": "WELCOME",
        "code_length": 6,
        "case_sensitive": False,
        "usage_limit": {"limit_type": "per_user", "max_uses": 3},
        "starts_at": "2026-01-01T00:00:00Z",
        "expires_at": "2099-01-01T00:00:00Z",
    }


def test_a_code_makes_a_definition_custom(acme_cli: CouponctlRunner) -> None:
    words = "--code", "NEWYEAR", "--claimable", "--total", "1000"
    made = acme_cli.create_definition("New Year", *words)
    config = acme_cli.json("definition", "get", *OF_ACME, made)["config"]
    assert config["code_format"] == "custom"
    assert (config["custom_code"], config["claimable"]) == ("NEWYEAR", True)
    assert config["usage_limit"] == {"limit_type": "global", "max_uses": 1000}


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
    made = acme_cli.create_definition("Earned", "--unlimited", "--trigger", *words)
    config = acme_cli.json("definition", "get", *OF_ACME, made)["config"]
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
    (item,) = acme_cli.json("reward", "list", *OF_ACME)["reward_items"]
    config = {"reward_item_id": item["item_id"], "code_prefix": "FILE"}
    path = tmp_path / "definition.json"
    path.write_text(json.dumps({"name": "From a file", "config": config}))
    words = "--file", str(path), "--length", "5"
    made = acme_cli.json("definition", "create", *OF_ACME, *words)
    assert made["name"] == "From a file"
    assert made["config"]["code_prefix"] == "FILE"
    assert made["config"]["code_length"] == 5


def test_only_one_limit_can_be_given(acme_cli: CouponctlRunner) -> None:
    words = "--name", "Both", "--reward", NO_ID, "--per-user", "1", "--total", "2"
    said = acme_cli.expect_usage_error("definition", "create", *OF_ACME, *words)
    assert "Give one of --per-user, --total, --unlimited" in said


def test_what_belongs_to_a_trigger_is_not_passed_over(
    acme_cli: CouponctlRunner,
) -> None:
    made = acme_cli.create_definition("Daily", "--trigger", "streak_milestone", *DAILY)
    words = "definition", "update", *OF_ACME, made, "--threshold", "9"
    said = acme_cli.expect_usage_error(*words)
    assert "Give --trigger with --source and --threshold" in said


DAILY = ("--source", "daily", "--threshold", "7")


def test_an_update_changes_the_limit_alone(acme_cli: CouponctlRunner) -> None:
    made = acme_cli.create_definition("Welcome", "--prefix", "HI")
    changed = acme_cli.json("definition", "update", *OF_ACME, made, "--total", "5")
    assert changed["config"]["usage_limit"] == {"limit_type": "global", "max_uses": 5}
    assert changed["config"]["code_prefix"] == "HI"


@pytest.mark.parametrize(
    ("life", "status"),
    [("pause", "paused"), ("archive", "archived"), ("activate", "active")],
)
def test_a_definition_is_paused_archived_and_activated(
    acme_cli: CouponctlRunner, life: str, status: str
) -> None:
    made = acme_cli.create_definition()
    assert acme_cli.json("definition", life, *OF_ACME, made)["status"] == status
    listed = acme_cli.json("definition", "list", *OF_ACME, "--status", status)
    assert [row["id"] for row in listed["definitions"]] == [made]


def test_a_paused_definition_makes_no_coupons(acme_cli: CouponctlRunner) -> None:
    made = acme_cli.create_definition()
    acme_cli.run("definition", "pause", *OF_ACME, made)
    words = "generate", *OF_ACME, "--definition", made, "--user", "u"
    assert "only while the definition is active" in acme_cli.expect_refusal(*words)


def test_stats_count_coupons_and_redemptions(acme_cli: CouponctlRunner) -> None:
    made = acme_cli.create_definition()
    first, *_ = acme_cli.generate_coupons(made, "ann", "bob", "cid")
    acme_cli.run("redeem", *OF_ACME, first["code"], "--user", "ann")
    assert acme_cli.json("definition", "stats", *OF_ACME, made) == {
        "definition_id": made,
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
    assert cli.expect_refusal(*command, *OF_ACME) == "Tenant not found"


def test_what_nobody_has_made_is_not_found(acme_cli: CouponctlRunner) -> None:
    words = "definition", "get", *OF_ACME, NO_ID
    assert acme_cli.expect_refusal(*words) == "Coupon definition not found"
