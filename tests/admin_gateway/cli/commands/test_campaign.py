"""`couponctl campaign`, `creator` and `package`."""

from __future__ import annotations

import json

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
    question = "Revoke all 4 codes of creator ABC12?"
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
    assert campaign_factory.json("campaign", "get", *ACME, "launch") == changed
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
        campaign_factory.json("package", "get", *ACME, package_id(campaign_factory))
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
        campaign_factory.expect_refusal("campaign", "get", *ACME, "no", status=4)
        == 'Campaign "no" not found; `couponctl campaign list --tenant acme` shows all'
    )
    assert (
        campaign_factory.expect_refusal("package", "get", *ACME, "1", status=4)
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
