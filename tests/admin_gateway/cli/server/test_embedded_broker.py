"""The embedded bus and `couponctl queue status`."""

from __future__ import annotations

import os
import platform
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import Popen

import psutil
import pytest
import redis as client

from coupon_core import bootstrap
from coupon_core.messaging import health_check
from coupon_core.persistence import database
from coupon_core.persistence.data_directory import find_exposed
from tests.factories.dead_letters import create_dead_letter
from tests.factories.events import CLOUD_EVENT
from tests.support.cli_runner import CouponctlRunner, started_couponctl
from tests.support.servers.process import wait_until
from tests.support.settings import build_settings

SECONDS = 60.0


@contextmanager
def running_bus(runner: CouponctlRunner) -> Iterator[Popen[str]]:
    """Run the embedded bus of a runner within the block."""
    port = runner.env["BUS_PORT"]
    with started_couponctl(runner.env, "serve", "bus") as bus:
        url = f"redis://127.0.0.1:{port}/0"
        wait_until(lambda: health_check.is_reachable(url), SECONDS, "the bus to answer")
        yield bus


@pytest.fixture
def embedded_cli(cli_without_tables: CouponctlRunner) -> CouponctlRunner:
    """Return a runner that uses the embedded bus."""
    return cli_without_tables


def connect(runner: CouponctlRunner) -> client.Redis:
    password = Path(runner.env["COUPON_DATA_DIR"], "bus.password").read_text()
    return client.Redis(port=int(runner.env["BUS_PORT"]), password=password)


def test_it_is_reached_from_this_machine_only_and_keeps_all(
    embedded_cli: CouponctlRunner,
) -> None:
    with running_bus(embedded_cli) as bus, connect(embedded_cli) as redis:
        listening = {
            item.laddr.ip
            for item in psutil.Process(bus.pid).net_connections()
            if item.status == psutil.CONN_LISTEN
        }
        assert listening == {"127.0.0.1"}
        config = redis.config_get("*")
    bus_directory = Path(embedded_cli.env["COUPON_DATA_DIR"]) / "bus"
    assert (config["appendonly"], config["appendfsync"]) == ("yes", "everysec")
    assert (config["protected-mode"], config["save"]) == ("yes", "")
    assert config["dir"] == str(bus_directory)
    assert (bus_directory / "appendonlydir").is_dir()


def test_it_refuses_whoever_does_not_know_its_password(
    embedded_cli: CouponctlRunner,
) -> None:
    data_directory = Path(embedded_cli.env["COUPON_DATA_DIR"])
    with running_bus(embedded_cli) as bus:
        with (
            client.Redis(port=int(embedded_cli.env["BUS_PORT"])) as stranger,
            pytest.raises(client.AuthenticationError),
        ):
            stranger.keys()
        password = (data_directory / "bus.password").read_text()
        assert password not in " ".join(psutil.Process(bus.pid).cmdline())
        shown = embedded_cli.run("config", "show", "--json").stdout
        assert f"redis://:(hidden)@127.0.0.1:{embedded_cli.env['BUS_PORT']}/0" in shown
        assert password not in shown
    assert not list(find_exposed(data_directory))


def test_what_it_had_is_there_after_a_crash_and_after_an_end(
    embedded_cli: CouponctlRunner,
) -> None:
    for signal_number in (signal.SIGKILL, signal.SIGTERM, signal.SIGINT):
        with running_bus(embedded_cli) as bus, connect(embedded_cli) as redis:
            redis.rpush("messages", signal_number)
            assert redis.waitaof(1, 0, 5_000)[0] == 1
            bus.send_signal(signal_number)
            assert bus.wait(SECONDS) == (
                -signal_number if signal_number == signal.SIGKILL else 0
            )
    with running_bus(embedded_cli), connect(embedded_cli) as redis:
        assert redis.llen("messages") == 3


def test_a_second_one_is_told_that_the_port_is_taken(
    embedded_cli: CouponctlRunner,
) -> None:
    with running_bus(embedded_cli):
        message = embedded_cli.expect_refusal("serve", "bus")
        assert (
            f"Port {embedded_cli.env['BUS_PORT']} of the embedded bus is not" in message
        )
        assert embedded_cli.expect_refusal("serve", "all") == message


def test_without_any_server_it_says_what_to_install(
    embedded_cli: CouponctlRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "pdp11")  # no wheel for that
    for command in ("bus", "all"):
        message = CouponctlRunner(
            {**embedded_cli.env, "PATH": "/nowhere"}
        ).expect_refusal("serve", command)
        assert "no valkey-server or redis-server" in message
        assert "COUPON_BROKER_URL" in message


def test_a_server_of_the_path_comes_first(
    embedded_cli: CouponctlRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from admin_gateway.cli.server import embedded_broker

    server = tmp_path / "redis-server"
    server.touch(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert embedded_broker.find_program() == server
    monkeypatch.setenv("PATH", "/nowhere")
    report = embedded_broker.find_program()
    assert report is not None
    assert report.name == "valkey-server"
    assert embedded_cli


def test_status_counts_what_waits(cli_with_broker: CouponctlRunner) -> None:
    options = "--tenant", "acme", "--user", "ann", "--data"
    for event_type, data in [
        (CLOUD_EVENT["type"], '{"streak_id": "s", "threshold": 1}'),
        (CLOUD_EVENT["type"], '{"streak_id": "s", "threshold": 2}'),
        ("achievement.completed", '{"achievement_id": "a"}'),
    ]:
        assert (
            cli_with_broker.run(
                "event", "publish", event_type, *options, data
            ).exit_code
            == 0
        )
    bootstrap.start(build_settings(cli_with_broker.env["COUPON_DATABASE_URL"]))
    create_dead_letter("", b"{}")
    database.close_database()
    cli_with_broker.create_tenant()
    cli_with_broker.generate_coupons(cli_with_broker.create_definition(), "ann", "bob")
    report = cli_with_broker.json("queue", "status")
    waiting = {queue["queue"]: queue["messages"] for queue in report["queues"]}
    assert waiting == {
        "coupons.streak": 2,
        "coupons.achievement": 1,
        "coupons.leaderboard": 0,
        "coupons.generation": 0,
        "coupons.webhooks": 0,
    }
    assert report["outbox"]["pending"] == 2
    assert 0 <= report["outbox"]["oldest_seconds"] < 60
    assert (report["dead_letters"], report["workers"]) == (1, [])
    assert report["bus"]["error"] is None


def test_status_tells_living_workers_from_silent_ones(
    cli_with_broker: CouponctlRunner,
) -> None:
    directory = Path(cli_with_broker.env["COUPON_DATA_DIR"]) / "workers"
    directory.mkdir()
    (directory / "relay-7").touch()
    (directory / "consumer-9").touch()
    os.utime(directory / "consumer-9", (1, 1))
    workers = cli_with_broker.json("queue", "status")["workers"]
    assert [(item["name"], item["pid"], item["alive"]) for item in workers] == [
        ("consumer", 9, False),
        ("relay", 7, True),
    ]
    message = cli_with_broker.run("queue", "status").stdout
    assert "worker consumer 9" in message
    assert "not responding" in message


def test_status_without_a_bus_still_tells_the_rest(cli: CouponctlRunner) -> None:
    report = cli.json("queue", "status", status=1)
    assert f"127.0.0.1:{cli.env['BUS_PORT']}" in report["bus"]["error"]
    assert (report["queues"], report["dead_letters"]) == ([], 0)
