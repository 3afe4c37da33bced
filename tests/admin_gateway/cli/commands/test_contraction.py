"""Migrations that remove something wait until no process needs it any more."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import structlog.testing
import time_machine

from coupon_core.domain.clock import utc_now
from coupon_core.persistence import database, running_processes, schema
from coupon_core.persistence.id_generation import generate_id
from coupon_core.persistence.running_processes import MAX_SILENCE, RunningProcess
from coupon_core.services.process_announcement import AnnouncementThread
from tests.chaos.earning import becomes_true
from tests.support.admin_client import started_admin_gateway
from tests.support.cli_runner import CouponctlRunner
from tests.support.concurrency import started_core
from tests.support.settings import build_settings

NEXT_STEPS = {
    "9001_expand": "def up(migrator, db):\n    pass\n",
    "9002_contract_after_9001_reward_text": "def up(migrator, db):\n    pass\n",
}
CONTRACTION = list(NEXT_STEPS)[-1]

AddMigrations = Callable[[], None]


@pytest.fixture
def add_migrations(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AddMigrations:
    """Return a function that turns this tree into the next release."""

    def add() -> None:
        for step in schema.MIGRATIONS_DIR.glob("[0-9]*.py"):
            (tmp_path / step.name).symlink_to(step)
        for name, text in NEXT_STEPS.items():
            (tmp_path / f"{name}.py").write_text(text)
        monkeypatch.setattr(schema, "MIGRATIONS_DIR", tmp_path)

    return add


def announce(migration: str, seconds_ago: float = 0) -> RunningProcess:
    """Announce a process of a release, as if some time ago."""
    process = RunningProcess(generate_id(), "gateway", "web-1", 4711, migration)
    running_processes.announce(process, utc_now() - timedelta(seconds=seconds_ago))
    return process


def test_a_contraction_waits_for_the_processes_of_an_old_release(
    cli: CouponctlRunner, add_migrations: AddMigrations
) -> None:
    settings = build_settings(cli.env["COUPON_DATABASE_URL"])
    with started_core(settings):
        old = announce(schema.get_newest_known_migration())
    add_migrations()
    error = cli.read_error("db", "upgrade")
    assert error["code"] == "OLD_PROCESSES_RUNNING"
    assert f"Migration {CONTRACTION} removes what processes" in error["error"]
    assert f"gateway on web-1 (process 4711, {old.migration})" in error["error"]
    assert cli.json("db", "status", status=1)["steps"]["9001_expand"] == "taken"
    with started_core(settings):
        running_processes.withdraw(old)
        announce("9001_expand")
    assert cli.json("db", "upgrade")["upgraded"] == [CONTRACTION]


def test_a_process_that_was_killed_is_waited_for_a_minute_only(
    database_url: str, add_migrations: AddMigrations
) -> None:
    with started_core(build_settings(database_url)):
        announce(schema.get_newest_known_migration(), MAX_SILENCE.seconds + 1)
        add_migrations()
        assert schema.upgrade() == list(NEXT_STEPS)
        announce("9001_expand")
        rows = database.execute("SELECT migration FROM running_process", {}).fetchall()
        assert [tuple(row) for row in rows] == [("9001_expand",)]


def test_a_process_announces_itself_until_it_is_stopped(database_url: str) -> None:
    with started_core(build_settings(database_url)):
        thread = AnnouncementThread("workers")
        thread.start()
        assert becomes_true(lambda: running_processes.list_running(utc_now()), 60)
        (process,) = running_processes.list_running(utc_now())
        newest = schema.get_newest_known_migration()
        assert (process.program, process.migration) == ("workers", newest)
        thread.stop()
        assert running_processes.list_running(utc_now()) == []


@pytest.mark.parametrize("migrated_template", ["postgresql"], indirect=True)
@pytest.mark.parametrize("seconds", [-300, 300])
def test_a_process_on_a_machine_with_a_wrong_clock_is_waited_for(
    database_url: str, add_migrations: AddMigrations, seconds: int
) -> None:
    """Nor does it forget those on machines with the right one."""
    with started_core(build_settings(database_url)):
        announce(schema.get_newest_known_migration())
        thread = AnnouncementThread("workers")
        with time_machine.travel(utc_now() + timedelta(seconds=seconds)):
            thread.start()
            assert becomes_true(lambda: count_announced() == 2, 60)
        add_migrations()
        with pytest.raises(schema.OldProcessesRunning) as refused:
            schema.upgrade()
        assert len(refused.value.processes) == 2
        thread.stop()


def count_announced() -> int:
    (row,) = database.execute("SELECT count(*) FROM running_process", {}).fetchall()
    return int(row[0])


@pytest.mark.parametrize(
    ("migration", "newest_known", "breaks"),
    [
        ("0050_contract_after_0040_text", "0039_other", True),
        ("0050_contract_after_0040_text", "0040_other", False),
        ("0050_contract_after_0040_text", "0050_contract_after_0040_text", False),
        ("0050_text_contract_after_0040", "0039_other", False),
        ("0050_text", "0039_other", False),
    ],
)
def test_the_name_of_a_migration_says_which_releases_it_breaks(
    migration: str, newest_known: str, breaks: bool
) -> None:
    assert schema._removes_needs_of(migration, newest_known) == breaks


def test_a_release_recognizes_that_the_schema_lacks_what_it_needs(
    cli: CouponctlRunner,
) -> None:
    url = cli.env["COUPON_DATABASE_URL"]
    with started_core(build_settings(url)), structlog.testing.capture_logs() as lines:
        for name in NEXT_STEPS:
            database.execute(
                "INSERT INTO schema_migration (name, applied) VALUES (:name, :now)",
                {"name": name, "now": "2030-01-01 00:00:00"},
            )
        thread = AnnouncementThread("workers")
        thread.start()
        assert becomes_true(lambda: bool(lines), 60)
        thread.stop()
    assert lines[0] == {
        **{"event": "newer schema", "log_level": "warning"},
        **{"newest": CONTRACTION, "breaking": CONTRACTION},
    }
    with started_admin_gateway(url) as app:
        answer = app.test_client().get("/ready")
    assert (answer.status_code, answer.json["migrations"]) == (503, "incompatible")
    message = cli.expect_refusal("db", "upgrade")
    assert message.startswith("A newer release has removed what this release needs")
    assert cli.expect_refusal("db", "distribute") == message
