"""The file of profiles: written by several commands, and damaged."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from admin_gateway.cli import profiles
from admin_gateway.cli.profiles import Profile
from tests.support.cli_runner import CouponctlRunner, run_couponctl

SHOP = Profile("https://admin.example.com", "shop", "pk_secret")


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return where the profiles of the test are stored."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    return tmp_path / "couponctl" / "profiles.json"


def store(name: str) -> None:
    with profiles.change() as stored:
        stored.profiles[name] = SHOP


def test_profiles_that_are_stored_at_once_are_all_kept(path: Path) -> None:
    names = {f"shop-{number}" for number in range(40)}
    with ThreadPoolExecutor(8) as executor:
        list(executor.map(store, names))
    assert {*profiles.load().profiles} == names
    assert os.listdir(path.parent) == ["profiles.json"]
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_key_that_cannot_be_stored_is_in_no_other_file(path: Path) -> None:
    store("shop")
    content = path.read_bytes()
    with pytest.raises(TypeError), profiles.change() as stored:
        stored.profiles["next"] = Profile(SHOP.server, "next", object())  # type: ignore[arg-type]
    assert os.listdir(path.parent) == ["profiles.json"]
    assert path.read_bytes() == content


def test_a_link_to_the_file_stays_one(path: Path, tmp_path: Path) -> None:
    path.parent.mkdir()
    path.symlink_to(tmp_path / "elsewhere.json")
    store("shop")
    assert path.is_symlink()
    assert [*profiles.load().profiles] == ["shop"]


def test_a_file_that_cannot_be_read_is_one_sentence(path: Path) -> None:
    path.mkdir(parents=True)
    runner = CouponctlRunner({"XDG_CONFIG_HOME": str(path.parents[1])})
    assert str(path) in runner.expect_refusal("profile", "list")


def test_names_are_printed_where_the_terminal_lacks_their_characters(
    path: Path,
) -> None:
    store("\N{GREEK CAPITAL LETTER OMEGA}")
    env = {"XDG_CONFIG_HOME": str(path.parents[1]), "PYTHONIOENCODING": "latin-1"}
    done = run_couponctl(env, "profile", "list", "--output", "id")
    assert (done.stdout, done.stderr) == ("\\u03a9\n", "")


@pytest.mark.parametrize("option", ["--server", "--profile", "--tenant"])
def test_an_empty_place_is_no_default(path: Path, option: str) -> None:
    """It may be a variable of a script that is not set."""
    store("shop")
    with profiles.change() as stored:
        stored.current = "shop"
    runner = CouponctlRunner({"XDG_CONFIG_HOME": str(path.parents[1])})
    message = runner.read_error("reward", "list", option, "")
    assert (message["exit_status"], message["code"]) == (2, "USAGE")
    assert option in message["error"]
