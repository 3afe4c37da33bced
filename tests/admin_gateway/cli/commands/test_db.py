"""`couponctl db`, and the messages for a database that cannot be used."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from coupon_core.persistence import database, schema
from tests.support.admin_client import started_admin_gateway
from tests.support.cli_runner import CouponctlRunner
from tests.support.servers import Postgres

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


def test_without_the_extension_nothing_is_distributed(cli: CouponctlRunner) -> None:
    message = cli.expect_refusal("db", "distribute")
    expected = (
        "The database has no extension that distributes tables."
        if database.is_postgresql()
        else "SQLite serves one machine only."
    )
    assert message.startswith(expected)


@pytest.mark.parametrize("migrated_template", ["sqlite"], indirect=True)
def test_a_file_is_copied_to_postgresql_only(cli: CouponctlRunner) -> None:
    path = cli.env["COUPON_DATABASE_URL"].removeprefix("sqlite:///")
    message = cli.expect_refusal("db", "copy", path)
    assert message.startswith("COUPON_DATABASE_URL is SQLite: set it to the PostgreSQL")


@pytest.mark.parametrize(
    "words",
    [
        ("tenant", "create", "acme"),
        ("tenant", "list"),
        ("token", "mint", "--tenant", "acme", "--for-server"),
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
        ("postgresql://u:secret@127.0.0.1:1/x", "The database cannot be used"),
        ("postgresql://u:secret@127.0.0.1:x/x", 'COUPON_DATABASE_URL: port "x"'),
        ("postgresql://u:se/secret@127.0.0.1/x", "COUPON_DATABASE_URL: write special"),
        ("postgresql://u:se@secret@127.0.0.1/x", "COUPON_DATABASE_URL: write special"),
        ("postgresql://u:secret%@127.0.0.1/x", "COUPON_DATABASE_URL: write special"),
        ("mysql://127.0.0.1/x", "COUPON_DATABASE_URL: a database URL is sqlite:///"),
        ("sqlite:///{0}", "The database cannot be used: file is not a database"),
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


@pytest.fixture
def weak_role_url(postgres: Postgres) -> Iterator[str]:
    """Return the URL of an empty database for a role that may not create tables."""
    name = f"weak_{os.getpid()}"
    postgres.execute(f"CREATE DATABASE {name}")
    postgres.execute(f"CREATE ROLE {name} LOGIN")
    with psycopg.connect(postgres.url(name), autocommit=True) as connection:
        connection.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    yield postgres.url(name).replace("//postgres@", f"//{name}@")
    postgres.execute(f"DROP DATABASE {name} WITH (FORCE)")
    postgres.execute(f"DROP ROLE {name}")


def test_an_upgrade_without_the_right_to_create_tables_says_so(
    create_cli: Callable[[str], CouponctlRunner], weak_role_url: str
) -> None:
    message = create_cli(weak_role_url).expect_refusal("db", "upgrade")
    assert message.startswith(
        "The database reported an error: permission denied for schema public. Use"
    )
    assert "GRANT CREATE ON SCHEMA public" in message


def test_a_role_without_rights_for_the_tables_is_given_the_missing_grant(
    create_cli: Callable[[str], CouponctlRunner], weak_role_url: str
) -> None:
    owner_url = re.sub(r"//\w+@", "//postgres@", weak_role_url)
    create_cli(owner_url).run("db", "upgrade")
    message = create_cli(weak_role_url).expect_refusal("tenant", "list")
    assert message.startswith(
        "The database cannot be used: permission denied for table schema_migration. Use"
    )
    grant = "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public"
    assert grant in message
    with psycopg.connect(owner_url, autocommit=True) as connection:
        role = urlsplit(weak_role_url).username or ""
        connection.execute(f"{grant} TO {role}".encode())
    assert create_cli(weak_role_url).json("tenant", "list")["total"] == 0
    create_cli(weak_role_url).create_tenant()
    assert create_cli(weak_role_url).json("doctor")["ok"]


def test_the_words_of_a_driver_do_not_end_in_a_hint(
    cli_without_tables: CouponctlRunner,
) -> None:
    url = "postgresql://127.0.0.1:1/x"
    env = {**cli_without_tables.env, "COUPON_DATABASE_URL": url}
    assert (
        CouponctlRunner(env)
        .expect_refusal("tenant", "list")
        .endswith(
            "failed: Connection refused. Start it, or correct host and port in the URL."
        )
    )


def test_each_failure_to_connect_has_its_own_advice(
    create_cli: Callable[[str], CouponctlRunner], postgres: Postgres
) -> None:
    missing = postgres.url("nope")
    for url, advice in (
        (missing, 'database "nope" does not exist. Create it'),
        (missing.replace("postgres@", "nobody@"), "Correct user and password"),
        (missing.replace("127.0.0.1", "no-such-host.invalid"), "Correct the host"),
        (re.sub(r":\d+/", ":1/", missing), "Start it, or correct host and port"),
    ):
        assert advice in create_cli(url).expect_refusal("tenant", "list")


def add_newer_migration(url: str) -> None:
    database.open_database(url)
    database.execute(
        "INSERT INTO schema_migration (name, applied) VALUES (:name, :now)",
        {"name": "9999_future", "now": "2030-01-01 00:00:00"},
    )
    database.close_database()


def test_a_newer_schema_is_recognized(cli: CouponctlRunner) -> None:
    url = cli.env["COUPON_DATABASE_URL"]
    add_newer_migration(url)
    upgrade = cli.run("db", "upgrade")
    assert (upgrade.exit_code, upgrade.stderr) == (
        0,
        "The database is newer than this release (9999_future). Nothing to apply.\n",
    )
    status = cli.json("db", "status")
    assert (status["up_to_date"], status["newer_steps"]) == (True, ["9999_future"])
    with started_admin_gateway(url) as app:
        answer = app.test_client().get("/ready")
    assert answer.status_code == 200
    assert answer.json["migrations"] == "newer than this release"


def test_a_release_that_starts_before_its_upgrade_becomes_ready_by_itself(
    unmigrated_cli: CouponctlRunner,
) -> None:
    with started_admin_gateway(unmigrated_cli.env["COUPON_DATABASE_URL"]) as app:
        client = app.test_client()
        answer = client.get("/ready")
        assert (answer.status_code, answer.json["database"]) == (503, "connected")
        assert answer.json["migrations"] == "outdated"
        # A proxy that does not ask whether it is ready sends requests all the same.
        early = client.get("/v1/reward-items", headers={"X-API-Key": "pk_some"})
        assert (early.status_code, early.json["code"]) == (503, "UNAVAILABLE")
        assert early.headers["Retry-After"] == "1"
        schema.upgrade()
        assert client.get("/ready").json["migrations"] == "up to date"
        late = client.get("/v1/reward-items", headers={"X-API-Key": "pk_some"})
        assert late.status_code == 401
