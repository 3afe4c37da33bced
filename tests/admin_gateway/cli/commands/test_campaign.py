"""`couponctl campaign`, `creator` and `package`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.cli_runner import CouponctlRunner

ACME = "--tenant", "acme"


@pytest.fixture
def campaign_factory(acme_cli: CouponctlRunner) -> CouponctlRunner:
    """Return a runner with a campaign, a creator and a package."""
    acme_cli.json("campaign", "create", *ACME, "launch", "--names", '{"en": "Launch"}')
    acme_cli.json("creator", "create", *ACME, "ABC12", "--name", "Jun")
    acme_cli.json(*CREATE_PACKAGE, "--reward", "gem=100", "--total", "50")
    return acme_cli


CREATE_PACKAGE = ("package", "create", *ACME, "--campaign", "launch")
CREATE_PACKAGE += ("--name", '{"en": "Welcome"}')


def package_id(runner: CouponctlRunner) -> str:
    (package,) = runner.json("package", "list", *ACME)["packages"]
    return str(package["package_id"])


def test_a_package_is_created_in_a_campaign_by_its_name(
    campaign_factory: CouponctlRunner,
) -> None:
    words = ["Launch" if word == "launch" else word for word in CREATE_PACKAGE]
    created = campaign_factory.json(*words, "--reward", "gem=1")
    assert created["campaign_id"] == "launch"


def test_a_code_goes_from_a_package_to_a_player(
    campaign_factory: CouponctlRunner,
) -> None:
    give_command = (
        "creator",
        "give",
        *ACME,
        "abc12",
        "--package",
        package_id(campaign_factory),
    )
    assert campaign_factory.json(*give_command, "--count", "2")["codes"] == [
        "CREATOR-ABC12-001",
        "CREATOR-ABC12-002",
    ]
    assert (
        campaign_factory.json(*give_command, "--code", "GO-1", "--code", "GO-2")[
            "total"
        ]
        == 2
    )
    campaign_factory.json("redeem", *ACME, "--user", "ann", "go-1")
    stats = campaign_factory.json("creator", "stats", *ACME, "ABC12")
    assert (stats["codes"], stats["redemptions"], stats["users"]) == (4, 1, 1)
    assert campaign_factory.json("campaign", "stats", *ACME, "launch") == stats
    revoke_command = "creator", "revoke", *ACME, "ABC12"
    assert campaign_factory.json(*revoke_command, "--code", "GO-2") == {"revoked": 1}
    revoke_all = *revoke_command, "--all"
    question = "Revoke 4 codes of creator ABC12?"
    assert question in campaign_factory.expect_usage_error(*revoke_all)
    dry_run = campaign_factory.json(*revoke_all, "--dry-run")
    assert dry_run == {"dry_run": True, "revoked": 4}
    assert campaign_factory.json(*revoke_all, "--yes") == {"revoked": 4}
    codes = campaign_factory.json("creator", "codes", *ACME, "ABC12")["codes"]
    assert {code["status"] for code in codes} == {"INACTIVE"}
    assert "either --code or --all" in campaign_factory.expect_usage_error(
        *revoke_command
    )


def test_what_is_there_is_changed_and_listed(campaign_factory: CouponctlRunner) -> None:
    changed = campaign_factory.json(
        "campaign", "update", *ACME, "launch", "--status", "EXPOSED"
    )
    assert campaign_factory.json("campaign", "show", *ACME, "launch") == changed
    assert campaign_factory.json("campaign", "list", *ACME)["campaigns"] == [changed]
    creator = campaign_factory.json(
        "creator", "update", *ACME, "ABC12", "--genre", "rpg"
    )
    assert campaign_factory.json("creator", "list", *ACME, "--keyword", "jun") == {
        "creators": [creator],
        "total": 1,
    }
    reward_line = json.dumps({"itemId": "sword", "itemQuantity": 1})
    update_command = (
        "package",
        "update",
        *ACME,
        package_id(campaign_factory),
        "--reward",
        reward_line,
    )
    package = campaign_factory.json(*update_command, "--inactive", "--per-user", "2")
    assert (package["status"], package["cross_creator_limit"]) == ("archived", 2)
    assert (
        campaign_factory.json("package", "show", *ACME, package_id(campaign_factory))
        == package
    )


def test_creators_take_part(campaign_factory: CouponctlRunner) -> None:
    ids = *ACME, "launch"
    assert (
        campaign_factory.json("campaign", "add-creator", *ids, "ABC12")["name"] == "Jun"
    )
    assert campaign_factory.json("campaign", "creators", *ids)["total"] == 1
    campaign_factory.json("campaign", "remove-creator", *ids, "ABC12")
    assert campaign_factory.json("campaign", "creators", *ids)["total"] == 0


def test_what_is_wrong_is_told_in_a_sentence(campaign_factory: CouponctlRunner) -> None:
    assert 'Invalid CREATOR_KEY "abc": ' in campaign_factory.expect_refusal(
        "creator", "create", *ACME, "abc", "--name", "Jun", status=2
    )
    assert (
        campaign_factory.expect_refusal("campaign", "show", *ACME, "no", status=4)
        == 'Campaign "no" not found; `couponctl campaign list --tenant acme` shows all'
    )
    assert (
        campaign_factory.expect_refusal("package", "show", *ACME, "1", status=4)
        == 'Package "1" not found; `couponctl package list --tenant acme` shows all'
    )
    assert "ITEM=QUANTITY" in campaign_factory.expect_usage_error(
        *CREATE_PACKAGE, "--reward", "gem"
    )
    give_command = (
        "creator",
        "give",
        *ACME,
        "ABC12",
        "--package",
        package_id(campaign_factory),
    )
    assert "either --code or --count" in campaign_factory.expect_refusal(
        *give_command, status=2
    )


def test_a_campaign_is_created_from_a_name_and_dates_of_its_time_zone(
    acme_cli: CouponctlRunner,
) -> None:
    dates = "--starts", "2026-11-27", "--ends", "2026-11-30"
    command = "campaign", "create", *ACME, "--time-zone", "Europe/Berlin", *dates
    made = acme_cli.json(*command, "Black Friday")
    expected = {
        "campaign_id": "black-friday",
        "name": "Black Friday",
        "time_zone": "Europe/Berlin",
        "starts_at": "2026-11-26T23:00:00Z",
        "ends_at": "2026-11-30T22:59:59Z",
    }
    assert made | expected == made
    assert acme_cli.json("campaign", "show", *ACME, "black-friday") == made
    with_id = acme_cli.json(*command, "Black Friday", "--id", "BF")
    assert (with_id["campaign_id"], with_id["name"]) == ("BF", "Black Friday")
    message = acme_cli.expect_usage_error(*command[:4], "--time-zone", "Berlin", "X")
    assert 'Invalid --time-zone: "Berlin" is not' in message
    assert "Europe/Berlin" in message
    message = acme_cli.expect_usage_error(*command[:4], "--ends", "30.11.2026", "X")
    assert 'Invalid --ends: "30.11.2026" does not begin with the year' in message
    message = acme_cli.expect_usage_error(*command, "X", "--ends", "2026-11-26")
    assert message.endswith(
        'Invalid --ends "2026-11-26": expected a time after --starts.'
    )


def test_a_definition_of_a_campaign_ends_with_it(acme_cli: CouponctlRunner) -> None:
    zone = "--time-zone", "Europe/Berlin"
    acme_cli.json("campaign", "create", *ACME, *zone, "Black Friday")
    reward = acme_cli.json("reward", "create", *ACME, "--name", "R", "--type", "points")
    member = "--campaign", "black-friday"
    made = acme_cli.json(
        *("definition", "create", *ACME, "--name", "Sale", *member),
        *("--reward", reward["item_id"], "--expires", "2099-11-30"),
    )
    assert made["config"]["expires_at"] == "2099-11-30T22:59:59Z"
    code = acme_cli.json(
        *("generate", *ACME, "--definition", made["id"], "--count", "1"),
        *("--expires", "2099-11-29"),
    )["coupons"][0]
    assert code["expires_at"] == "2099-11-29T22:59:59Z"
    set_status = "campaign", "status", *ACME, "black-friday"
    assert acme_cli.json(*set_status, "COMPLETED")["status"] == "COMPLETED"
    redeem = "redeem", *ACME, "--user", "ann", code["code"]
    assert "no longer available" in acme_cli.expect_refusal(*redeem, status=1)
    listed = acme_cli.json("definition", "list", *ACME, *member)["definitions"]
    assert [row["status"] for row in listed] == ["archived"]
    acme_cli.json(*set_status, "IN_PROGRESS")
    acme_cli.json(*redeem)


def test_creators_are_imported_from_csv_or_json(
    campaign_factory: CouponctlRunner, tmp_path: Path
) -> None:
    file = tmp_path / "creators"
    command = "creator", "import", *ACME, str(file), "--campaign", "launch"
    file.write_text("creator_key,name,count\nXYZ01,Mina,2\nXYZ02,Ahn,\n")
    dry_run = campaign_factory.json(*command, "--dry-run")
    assert (dry_run["dry_run"], dry_run["total"]) == (True, 2)
    message = campaign_factory.run(*command, "--dry-run").stderr
    assert "The file is valid: it would create 2 creators." in message
    assert campaign_factory.json("creator", "list", *ACME)["total"] == 1
    created = campaign_factory.json(*command)["creators"]
    assert [len(row["codes"]) for row in created] == [2, 0]
    refused = campaign_factory.run(*command)
    assert refused.exit_code == 1
    assert "line 3: creator_key: a creator XYZ02 exists already" in refused.stderr
    assert "2 problems: line 2: creator_key: a creator XYZ01 exists" in refused.stderr
    rows = [{"creator_key": "XYZ03", "name": "Bora", "codes": ["GO-1"]}]
    file.write_text(json.dumps({"creators": rows}))
    (created,) = campaign_factory.json(*command)["creators"]
    assert created["codes"] == ["GO-1"]
