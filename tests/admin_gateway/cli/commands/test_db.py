"""`couponctl db`, and the messages for a database that cannot be used."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.cli_runner import CouponctlRunner

NO_TABLES = (
    "The database has no tables. Run `couponctl db upgrade`; if this is the wrong "
    "database, check COUPON_DATABASE_URL with `couponctl config show`."
)


def test_upgrade_says_what_it_did_and_does_it_once(
    unmigrated_cli: CouponctlRunner,
) -> None:
    applied = unmigrated_cli.json("db", "upgrade")["upgraded"]
    assert applied[0] == "0001_baseline"
    second_run = unmigrated_cli.run("db", "upgrade", "--json")
    assert '"upgraded": []' in second_run.stdout
    assert second_run.stderr == "The database is up to date.\n"


def test_status_tells_what_is_missing_and_ends_with_one(
    unmigrated_cli: CouponctlRunner,
) -> None:
    before = unmigrated_cli.json("db", "status", status=1)
    assert (before["up_to_date"], before["steps"]["0001_baseline"]) == (
        False,
        "missing",
    )
    unmigrated_cli.run("db", "upgrade")
    after = unmigrated_cli.json("db", "status")
    assert (after["up_to_date"], after["steps"]["0001_baseline"]) == (True, "taken")


@pytest.mark.parametrize(
    "words",
    [
        ("tenant", "create", "acme"),
        ("tenant", "list"),
        ("token", "mint", "--tenant", "acme", "--server"),
        ("demo", "load"),
        ("demo", "show"),
    ],
)
def test_without_tables_every_command_says_how_to_get_them(
    unmigrated_cli: CouponctlRunner, words: tuple[str, ...]
) -> None:
    assert unmigrated_cli.expect_refusal(*words) == NO_TABLES


@pytest.mark.parametrize(
    ("url", "expected_start"),
    [
        ("postgresql://u:secret@127.0.0.1:1/x", "The database cannot be reached"),
        ("postgresql://u:secret@127.0.0.1:x/x", "The database cannot be reached"),
        ("mysql://127.0.0.1/x", "COUPON_DATABASE_URL: a database URL is sqlite:///"),
        ("sqlite:///{0}", "The database cannot be reached: file is not a database"),
        ("sqlite:///{0}/below/a/file.db", "There is no database at "),
    ],
)
def test_a_database_that_cannot_be_is_one_sentence(
    cli_without_tables: CouponctlRunner, tmp_path: Path, url: str, expected_start: str
) -> None:
    text = tmp_path / "text"
    text.write_text("this is text, and it is no database of any kind whatever" * 99)
    env = {**cli_without_tables.env, "COUPON_DATABASE_URL": url.format(text)}
    message = CouponctlRunner(env).expect_refusal("tenant", "list")
    assert message.startswith(expected_start)
    assert "secret" not in message
