"""Campaigns, creators and packages from a shell."""

from __future__ import annotations

import json

import pytest

from tests.shells import Shell

ACME = "--tenant", "acme"


@pytest.fixture
def studio(acme: Shell) -> Shell:
    """A shell with a campaign, a creator and a package."""
    acme.json("campaign", "create", *ACME, "launch", "--names", '{"en": "Launch"}')
    acme.json("creator", "create", *ACME, "ABC12", "--name", "Jun")
    acme.json(*PACKAGE, "--reward", "gem=100", "--total", "50")
    return acme


PACKAGE = ("package", "create", *ACME, "--campaign", "launch")
PACKAGE += ("--name", '{"en": "Welcome"}')


def package_id(shell: Shell) -> str:
    (package,) = shell.json("package", "list", *ACME)["packages"]
    return str(package["package_id"])


def test_a_code_goes_from_a_package_to_a_player(studio: Shell) -> None:
    give = "creator", "give", *ACME, "abc12", "--package", package_id(studio)
    assert studio.json(*give, "--count", "2")["codes"] == [
        "CREATOR-ABC12-001",
        "CREATOR-ABC12-002",
    ]
    assert studio.json(*give, "--code", "GO-1", "--code", "GO-2")["total"] == 2
    studio.json("redeem", *ACME, "--user", "ann", "go-1")
    stats = studio.json("creator", "stats", *ACME, "ABC12")
    assert (stats["codes"], stats["redemptions"], stats["users"]) == (4, 1, 1)
    assert studio.json("campaign", "stats", *ACME, "launch") == stats
    revoke = "creator", "revoke", *ACME, "ABC12"
    assert studio.json(*revoke, "--code", "GO-2") == {"revoked": 1}
    assert studio.json(*revoke, "--all") == {"revoked": 4}
    codes = studio.json("creator", "codes", *ACME, "ABC12")["codes"]
    assert {one["status"] for one in codes} == {"INACTIVE"}
    assert "either --code or --all" in studio.misused(*revoke)


def test_what_is_there_is_changed_and_listed(studio: Shell) -> None:
    changed = studio.json("campaign", "update", *ACME, "launch", "--status", "EXPOSED")
    assert studio.json("campaign", "get", *ACME, "launch") == changed
    assert studio.json("campaign", "list", *ACME)["campaigns"] == [changed]
    creator = studio.json("creator", "update", *ACME, "ABC12", "--genre", "rpg")
    assert studio.json("creator", "list", *ACME, "--keyword", "jun") == {
        "creators": [creator],
        "total": 1,
    }
    line = json.dumps({"itemId": "sword", "itemQuantity": 1})
    update = "package", "update", *ACME, package_id(studio), "--reward", line
    package = studio.json(*update, "--inactive", "--per-user", "2")
    assert (package["status"], package["cross_creator_limit"]) == ("archived", 2)
    assert studio.json("package", "get", *ACME, package_id(studio)) == package


def test_creators_take_part(studio: Shell) -> None:
    ids = *ACME, "launch"
    assert studio.json("campaign", "add-creator", *ids, "ABC12")["name"] == "Jun"
    assert studio.json("campaign", "creators", *ids)["total"] == 1
    studio.json("campaign", "remove-creator", *ids, "ABC12")
    assert studio.json("campaign", "creators", *ids)["total"] == 0


def test_what_is_wrong_is_told_in_a_sentence(studio: Shell) -> None:
    assert "creator_key" in studio.refused(
        "creator", "create", *ACME, "abc", "--name", "Jun"
    )
    assert studio.refused("campaign", "get", *ACME, "no") == "Campaign not found"
    assert studio.refused("package", "get", *ACME, "1") == "Package not found"
    assert "ITEM=QUANTITY" in studio.misused(*PACKAGE, "--reward", "gem")
    give = "creator", "give", *ACME, "ABC12", "--package", package_id(studio)
    assert "either codes or count" in studio.refused(*give)
