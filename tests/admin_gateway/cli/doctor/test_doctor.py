"""`couponctl doctor` and `couponctl config`."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from cryptography.fernet import Fernet

from coupon_core.domain.models import Event, utc_now
from coupon_core.persistence import running_processes
from coupon_core.persistence.data_directory import find_exposed
from coupon_core.persistence.database import transaction
from coupon_core.persistence.id_generation import generate_id, get_min_id_at
from coupon_core.persistence.running_processes import RunningProcess
from coupon_core.persistence.tables import DefinitionTable, TenantTable
from coupon_core.security import encryption
from coupon_core.services import outbox
from tests.factories.tenant import NOW
from tests.support.cli_runner import CouponctlRunner
from tests.support.concurrency import started_core
from tests.support.servers import RedisServer
from tests.support.settings import build_settings


def run_doctor(runner: CouponctlRunner, status: int) -> dict[str, dict[str, Any]]:
    """Run the doctor and return its findings by check."""
    report = runner.json("doctor", status=status)
    assert report["ok"] == (status == 0)
    return {
        finding_by_check["check"]: finding_by_check
        for finding_by_check in report["checks"]
    }


@pytest.fixture
def taken_port(cli: CouponctlRunner) -> Iterator[int]:
    """Return the query gateway's port while another program listens on it."""
    port = int(cli.env["QUERY_PORT"])
    with socket.create_server(("127.0.0.1", port)):
        yield port


def test_a_machine_that_is_well(cli: CouponctlRunner) -> None:
    cli.create_tenant()
    finding_by_check = run_doctor(cli, 0)
    assert {finding["level"] for finding in finding_by_check.values()} == {"ok"}
    assert list(finding_by_check) == [
        *("settings", "python", "data directory", "disk", "master key", "database"),
        *("journal", "writing", "secrets", "backup", "reports"),
        *("admin port", "query port", "bus", "clock"),
    ]


@pytest.mark.parametrize(
    ("programs", "with_bus", "level", "found"),
    [
        (["gateway", "workers"], True, "ok", "gateway: 1, workers: 1"),
        (["gateway", "gateway"], True, "warn", "gateway: 2, workers: 0"),
        (["gateway", "workers"], False, "fail", "gateway: 1, workers: 1, bus: 0"),
    ],
)
def test_what_runs_without_workers_or_without_the_bus(
    cli: CouponctlRunner,
    redis: RedisServer,
    programs: list[str],
    with_bus: bool,
    level: str,
    found: str,
) -> None:
    with started_core(build_settings(cli.env["COUPON_DATABASE_URL"])):
        for program in programs:
            process = RunningProcess(generate_id(), program, "web-1", 1, "0034")
            running_processes.announce(process, running_processes.read_clock())
    runner = CouponctlRunner(
        {**cli.env, **({"COUPON_BROKER_URL": redis.url} if with_bus else {})}
    )
    finding = run_doctor(runner, int(level == "fail"))["processes"]
    assert (finding["level"], finding["found"]) == (level, found)


def test_tenants_whose_id_was_reserved_later_are_listed(cli: CouponctlRunner) -> None:
    cli.create_tenant()
    with started_core(build_settings(cli.env["COUPON_DATABASE_URL"])):
        TenantTable.insert(tenant_id="reserve", created_at=NOW).execute()
    finding = run_doctor(cli, 0)["tenant ids"]
    assert (finding["level"], finding["found"]) == ("warn", "reserve")


def test_definitions_with_one_name_are_listed(acme_cli: CouponctlRunner) -> None:
    acme_cli.create_definition("trail")
    older_id = acme_cli.create_definition("other")
    with started_core(build_settings(acme_cli.env["COUPON_DATABASE_URL"])):
        DefinitionTable.update(name="trail ", name_key=None).where(
            DefinitionTable.definition_id == older_id
        ).execute()
    finding = run_doctor(acme_cli, 0)["definition names"]
    assert finding["level"] == "warn"
    assert f'"trail " ({older_id} of acme)' in finding["found"]


def test_events_that_nobody_counts_are_a_warning(acme_cli: CouponctlRunner) -> None:
    with started_core(build_settings(acme_cli.env["COUPON_DATABASE_URL"])):
        store_old_event("acme", "coupon.redeemed", timedelta(seconds=90))
    finding = run_doctor(acme_cli, 0)["reports"]
    assert finding["level"] == "warn"
    assert finding["found"].startswith("1 event not counted, oldest 9")
    assert "couponctl serve workers counter" in finding["advice"]


def store_old_event(tenant_id: str, event_type: str, age: timedelta) -> None:
    """Store an event in the outbox, as if it was stored some time ago."""
    now = utc_now()
    event_id = get_min_id_at(now - age)
    with transaction():
        outbox.add([Event(tenant_id, event_id, event_type, "ann", now, "{}")])


@pytest.mark.parametrize("migrated_template", ["postgresql"], indirect=True)
def test_what_statistics_and_rate_limits_need(
    cli: CouponctlRunner, redis: RedisServer
) -> None:
    def check(report_database_url: str, redis_url: str, status: int) -> list[Any]:
        urls = {
            "COUPON_REPORT_DATABASE_URL": report_database_url,
            "COUPON_REDIS_URL": redis_url,
        }
        found = run_doctor(CouponctlRunner({**cli.env, **urls}), status)
        assert "hunter2" not in str(found)
        return [found["report database"], found["rate limits"]]

    replica, counters = check(
        "postgresql://u:hunter2@127.0.0.1:1/n", "redis://127.0.0.1:1", 1
    )
    assert (replica["level"], counters["level"]) == ("fail", "warn")
    assert "correct host and port in the URL" in replica["advice"]
    well = check(cli.env["COUPON_DATABASE_URL"], redis.url, 0)
    assert [finding["level"] for finding in well] == ["ok", "ok"]


@pytest.mark.parametrize("migrated_template", ["postgresql"], indirect=True)
def test_a_master_key_that_no_backup_contains(cli: CouponctlRunner) -> None:
    key_file = Path(cli.env["COUPON_DATA_DIR"], "master.key")
    key_file.write_text(cli.env["COUPON_MASTER_KEYS"])
    key_file.chmod(0o600)
    finding = run_doctor(CouponctlRunner({**cli.env, "COUPON_MASTER_KEYS": ""}), 0)
    assert finding["backup key"]["level"] == "warn"
    assert finding["backup key"]["found"] == f"the master key is in {key_file} only"


def test_a_database_without_tables(unmigrated_cli: CouponctlRunner) -> None:
    finding = run_doctor(unmigrated_cli, 1)["database"]
    assert finding["level"] == "fail"
    assert "couponctl db upgrade" in finding["advice"]


def test_a_port_that_another_program_has(cli: CouponctlRunner, taken_port: int) -> None:
    finding = run_doctor(cli, 1)["query port"]
    assert finding["level"] == "fail"
    assert f"Port {taken_port}" in finding["advice"]
    assert "another program" in finding["advice"]
    assert "QUERY_PORT" in finding["advice"]


def test_serving_at_a_taken_port_is_one_sentence(
    cli: CouponctlRunner, taken_port: int
) -> None:
    assert f"Port {taken_port}" in cli.expect_refusal("serve", "query")
    assert f"Port {taken_port}" in cli.expect_refusal("serve", "all")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("ADMIN_PORT", "QUERY_PORT"),
        ("ADMIN_PORT", "BUS_PORT"),
        ("QUERY_PORT", "BUS_PORT"),
    ],
)
def test_two_programs_of_this_machine_cannot_share_a_port(
    cli: CouponctlRunner, first: str, second: str
) -> None:
    port = cli.env[first]
    message = CouponctlRunner({**cli.env, second: port}).expect_refusal("serve", "all")
    assert message == f"{first} and {second} are both {port}: choose different ports."


def test_a_master_key_that_others_can_read(cli_without_tables: CouponctlRunner) -> None:
    env = {**cli_without_tables.env, "COUPON_MASTER_KEYS": ""}
    path = Path(env["COUPON_DATA_DIR"]) / "master.key"
    CouponctlRunner(env).run("db", "upgrade")
    assert (
        run_doctor(CouponctlRunner(env), 0)["master key"]["found"]
        == f"{path}, mode 0600"
    )
    path.chmod(0o644)
    finding = run_doctor(CouponctlRunner(env), 1)["master key"]
    assert (finding["level"], finding["advice"]) == ("fail", f"Run: chmod 600 {path}")


def test_files_that_others_could_read(cli_without_tables: CouponctlRunner) -> None:
    """Every command closes the directory; what it cannot close is reported."""
    cli_without_tables.run("db", "upgrade")
    directory = Path(cli_without_tables.env["COUPON_DATA_DIR"])
    directory.chmod(0o755)
    (directory / "old.log").touch(0o644)
    assert run_doctor(cli_without_tables, 0)["data directory"]["level"] == "ok"
    assert not list(find_exposed(directory))
    (directory / "old.log").chmod(0o640)
    finding = run_doctor(cli_without_tables, 0)["data directory"]
    assert finding["level"] == "warn"
    assert f"{directory}/old.log: open to other users" in finding["found"]
    directory.chmod(0o1755)  # shared like /tmp, and therefore left as it is
    finding = run_doctor(cli_without_tables, 1)["data directory"]
    assert (finding["level"], finding["advice"]) == (
        "fail",
        f"Run as its owner: chmod -R go= {directory}",
    )


@pytest.mark.parametrize("migrated_template", ["postgresql"], indirect=True)
def test_a_server_without_an_archive_is_not_said_to_have_one(
    cli: CouponctlRunner,
) -> None:
    finding = run_doctor(cli, 0)["backup"]
    assert finding["found"] == "archive_mode is off: no recovery to a point in time"


def test_a_data_directory_that_does_not_exist_yet(
    cli: CouponctlRunner, tmp_path: Path
) -> None:
    """So it is on the second machine of an installation with PostgreSQL."""
    directory = tmp_path / "not" / "yet"
    elsewhere = CouponctlRunner({**cli.env, "COUPON_DATA_DIR": str(directory)})
    findings = run_doctor(elsewhere, 0)
    assert findings["data directory"]["level"] == "ok"
    assert findings["data directory"]["found"] == f"{directory}: not created yet"
    assert findings["disk"]["level"] == "ok"
    assert not directory.parent.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a directory away")
def test_a_data_directory_of_another_user(cli_without_tables: CouponctlRunner) -> None:
    cli_without_tables.run("db", "upgrade")
    os.chown(cli_without_tables.env["COUPON_DATA_DIR"], 65_534, -1)
    finding = run_doctor(cli_without_tables, 0)["data directory"]
    assert finding["level"] == "warn"
    assert "belongs to the user with ID 65534" in finding["found"]


@pytest.mark.parametrize("migrated_template", ["sqlite"], indirect=True)
def test_a_bus_with_another_password(cli: CouponctlRunner, redis: RedisServer) -> None:
    url = redis.url.replace("://", "://other:secret@")
    refused = CouponctlRunner({**cli.env, "COUPON_BROKER_URL": url})
    finding = run_doctor(refused, 1)["bus"]
    assert finding["found"] == "the bus refuses access"
    message = refused.expect_refusal("event", "tail", "--tenant", "acme")
    assert message == finding["advice"]
    assert message.startswith("The bus is unavailable: the message broker at redis://")
    assert ". Correct user and password in COUPON_BROKER_URL. If it is not" in message
    assert "secret" not in message


def test_a_bus_without_a_password(cli: CouponctlRunner, redis: RedisServer) -> None:
    env = {**cli.env, "BUS_PORT": str(urlsplit(redis.url).port)}
    finding = run_doctor(CouponctlRunner(env), 1)["bus"]
    assert "requires no password" in finding["found"]
    assert "couponctl serve bus" in finding["advice"]


def test_secrets_that_another_key_sealed(cli: CouponctlRunner) -> None:
    cli.create_tenant()
    cli_with_other_key = CouponctlRunner(
        {**cli.env, "COUPON_MASTER_KEYS": encryption.generate_master_key()}
    )
    assert run_doctor(cli_with_other_key, 1)["secrets"]["level"] == "fail"
    message = cli_with_other_key.expect_refusal(
        "token", "mint", "--tenant", "acme", "--for-server"
    )
    assert "Add that key to COUPON_MASTER_KEYS" in message


def test_settings_that_make_no_sense(cli_without_tables: CouponctlRunner) -> None:
    finding = run_doctor(
        CouponctlRunner({**cli_without_tables.env, "ADMIN_PORT": "x"}), 1
    )["settings"]
    assert finding["found"] == 'ADMIN_PORT "x": Not a valid integer.'


def test_a_bus_elsewhere_that_does_not_answer(cli: CouponctlRunner) -> None:
    cli_without_bus = CouponctlRunner(
        {**cli.env, "COUPON_BROKER_URL": "amqp://127.0.0.1:1//"}
    )
    finding = run_doctor(cli_without_bus, 1)["bus"]
    assert finding["level"] == "fail"
    assert "COUPON_BROKER_URL" in finding["advice"]


def test_a_bus_that_answers(cli_with_broker: CouponctlRunner) -> None:
    assert run_doctor(cli_with_broker, 0)["bus"]["found"] == "the bus answers"


def test_a_port_of_the_bus_that_another_program_has(cli: CouponctlRunner) -> None:
    port = int(cli.env["BUS_PORT"])
    with socket.create_server(("127.0.0.1", port)):
        finding = run_doctor(cli, 1)["bus"]
    assert finding["level"] == "fail"
    assert (
        f"Port {port} of the embedded bus is not available: it is used"
        in finding["advice"]
    )
    assert "BUS_PORT" in finding["advice"]


@pytest.mark.parametrize("url", ["memory://", "filesystem://", "sqla+sqlite:///x"])
def test_a_bus_that_loses_messages_is_refused(
    cli_without_tables: CouponctlRunner, url: str
) -> None:
    runner = CouponctlRunner(
        {**cli_without_tables.env, "COUPON_BROKER_URL": url, "ADMIN_PORT": "x"}
    )
    result = runner.run("config", "check")
    assert result.exit_code == 1
    assert "when a process dies" in result.stderr
    assert 'ADMIN_PORT "x": ' in result.stderr


def test_shown_settings_hide_secrets_and_passwords(
    cli_without_tables: CouponctlRunner,
) -> None:
    url = "postgresql://coupons:s3cret@db.example/coupons"
    env = {**cli_without_tables.env, "COUPON_DATABASE_URL": url}
    result = CouponctlRunner(env).run("config", "show", "--json")
    assert "postgresql://coupons:(hidden)@db.example/coupons" in result.stdout
    assert "s3cret" not in result.stdout
    assert env["COUPON_MASTER_KEYS"] not in result.stdout


def test_check_tells_every_error_at_once(cli_without_tables: CouponctlRunner) -> None:
    invalid_settings = {"ADMIN_PORT": "0", "COUPON_LOG_LEVEL": "loud"}
    result = CouponctlRunner({**cli_without_tables.env, **invalid_settings}).run(
        "config", "check"
    )
    assert result.exit_code == 1
    assert 'ADMIN_PORT "0": ' in result.stderr
    assert 'COUPON_LOG_LEVEL "loud": ' in result.stderr


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("COUPON_MASTER_KEYS_FILE", "/no/such/file", "COUPON_MASTER_KEYS_FILE"),
        ("COUPON_MASTER_KEYS", "short", "couponctl config new-key"),
        ("COUPON_DATA_DIR", "/dev/null/a", "/dev/null is not a directory"),
    ],
)
def test_each_bad_setting_is_one_sentence(
    cli_without_tables: CouponctlRunner, name: str, value: str, message: str
) -> None:
    env = {**cli_without_tables.env, "COUPON_MASTER_KEYS": "", name: value}
    assert message in CouponctlRunner(env).expect_refusal("config", "check")


def test_a_misspelt_setting_is_refused_with_the_right_name(
    cli_without_tables: CouponctlRunner,
) -> None:
    misspelt = CouponctlRunner({**cli_without_tables.env, "COUPON_DATABSE_URL": "x"})
    expected = "COUPON_DATABSE_URL is not a setting; did you mean COUPON_DATABASE_URL?"
    assert misspelt.expect_refusal("config", "check") == expected
    report = misspelt.json("doctor", status=1)
    assert ("warn", expected) in [
        (finding["level"], finding["found"]) for finding in report["checks"]
    ]


def test_the_summary_counts_failures(cli_without_tables: CouponctlRunner) -> None:
    lines = cli_without_tables.run("doctor").stderr.splitlines()
    assert lines[0].startswith("1 failed, 0 warnings, ")


def test_good_settings_pass(cli_without_tables: CouponctlRunner) -> None:
    assert cli_without_tables.json("config", "check") == {"ok": True}


def test_a_new_key_is_a_master_key_and_another_each_time(
    cli_without_tables: CouponctlRunner,
) -> None:
    first, second = (
        cli_without_tables.run("config", "new-key").stdout for _ in range(2)
    )
    assert first != second
    Fernet(first.strip())
    assert encryption.is_master_key(
        cli_without_tables.json("config", "new-key")["master_key"]
    )
