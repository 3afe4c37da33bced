"""The embedded bus, and what `queue status` tells of it and of those around it."""

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
from tests.factories.dead_letters import create_dead_letter
from tests.factories.events import CLOUD_EVENT
from tests.support.cli_runner import CouponctlRunner, started_couponctl
from tests.support.servers.process import wait_until
from tests.support.settings import build_settings

SECONDS = 60.0


@contextmanager
def bus_of(shell: CouponctlRunner) -> Iterator[Popen[str]]:
    """The running embedded bus of a shell."""
    port = shell.env["BUS_PORT"]
    with started_couponctl(shell.env, "serve", "bus") as bus:
        url = f"redis://127.0.0.1:{port}/0"
        wait_until(lambda: health_check.is_reachable(url), SECONDS, "the bus to answer")
        yield bus


@pytest.fixture
def own(cli_without_tables: CouponctlRunner) -> CouponctlRunner:
    """A shell whose bus is the embedded one."""
    return cli_without_tables


def talk(shell: CouponctlRunner) -> client.Redis:
    return client.Redis(port=int(shell.env["BUS_PORT"]))


def test_it_is_reached_from_this_machine_only_and_keeps_all(
    own: CouponctlRunner,
) -> None:
    with bus_of(own) as bus, talk(own) as redis:
        listening = {
            one.laddr.ip
            for one in psutil.Process(bus.pid).net_connections()
            if one.status == psutil.CONN_LISTEN
        }
        assert listening == {"127.0.0.1"}
        kept = redis.config_get("*")
    home = Path(own.env["COUPON_DATA_DIR"]) / "bus"
    assert (kept["appendonly"], kept["appendfsync"]) == ("yes", "everysec")
    assert (kept["protected-mode"], kept["save"]) == ("yes", "")
    assert kept["dir"] == str(home)
    assert (home / "appendonlydir").is_dir()


def test_what_it_had_is_there_after_a_crash_and_after_an_end(
    own: CouponctlRunner,
) -> None:
    for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGINT):
        with bus_of(own) as bus, talk(own) as redis:
            redis.rpush("messages", number)
            assert redis.waitaof(1, 0, 5_000)[0] == 1
            bus.send_signal(number)
            assert bus.wait(SECONDS) == (-number if number == signal.SIGKILL else 0)
    with bus_of(own), talk(own) as redis:
        assert redis.llen("messages") == 3


def test_a_second_one_is_told_that_the_port_is_taken(own: CouponctlRunner) -> None:
    with bus_of(own):
        said = own.expect_refusal("serve", "bus")
        assert f"Port {own.env['BUS_PORT']} of the embedded bus: taken" in said
        assert own.expect_refusal("serve", "all") == said


def test_without_any_server_it_says_what_to_install(
    own: CouponctlRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "pdp11")  # no wheel for that
    for command in ("bus", "all"):
        said = CouponctlRunner({**own.env, "PATH": "/nowhere"}).expect_refusal(
            "serve", command
        )
        assert "no valkey-server or redis-server" in said
        assert "COUPON_BROKER_URL" in said


def test_a_server_of_the_path_comes_first(
    own: CouponctlRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from admin_gateway.cli.server import embedded_broker

    server = tmp_path / "redis-server"
    server.touch(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert embedded_broker.find_program() == server
    monkeypatch.setenv("PATH", "/nowhere")
    found = embedded_broker.find_program()
    assert found is not None
    assert found.name == "valkey-server"
    assert own


def test_status_counts_what_waits(cli_with_broker: CouponctlRunner) -> None:
    words = "--tenant", "acme", "--user", "ann", "--data"
    for kind, data in [
        (CLOUD_EVENT["type"], '{"streak_id": "s", "threshold": 1}'),
        (CLOUD_EVENT["type"], '{"streak_id": "s", "threshold": 2}'),
        ("achievement.completed", '{"achievement_id": "a"}'),
    ]:
        assert (
            cli_with_broker.run("event", "publish", kind, *words, data).exit_code == 0
        )
    bootstrap.start(build_settings(cli_with_broker.env["COUPON_DATABASE_URL"]))
    create_dead_letter("", b"{}")
    database.close_database()
    cli_with_broker.create_tenant()
    cli_with_broker.generate_coupons(cli_with_broker.create_definition(), "ann", "bob")
    found = cli_with_broker.json("queue", "status")
    waiting = {queue["queue"]: queue["messages"] for queue in found["queues"]}
    assert waiting == {
        "coupons.streak": 2,
        "coupons.achievement": 1,
        "coupons.leaderboard": 0,
        "coupons.generation": 0,
        "coupons.webhooks": 0,
    }
    assert found["outbox"]["pending"] == 2
    assert 0 <= found["outbox"]["oldest_seconds"] < 60
    assert (found["dead_letters"], found["workers"]) == (1, [])
    assert found["bus"]["error"] is None


def test_status_tells_living_workers_from_silent_ones(
    cli_with_broker: CouponctlRunner,
) -> None:
    directory = Path(cli_with_broker.env["COUPON_DATA_DIR"]) / "workers"
    directory.mkdir()
    (directory / "relay-7").touch()
    (directory / "consumer-9").touch()
    os.utime(directory / "consumer-9", (1, 1))
    workers = cli_with_broker.json("queue", "status")["workers"]
    assert [(one["name"], one["pid"], one["alive"]) for one in workers] == [
        ("consumer", 9, False),
        ("relay", 7, True),
    ]
    said = cli_with_broker.run("queue", "status").stdout
    assert "worker consumer 9" in said
    assert "silent" in said


def test_status_without_a_bus_still_tells_the_rest(cli: CouponctlRunner) -> None:
    found = cli.json("queue", "status", status=1)
    assert f"127.0.0.1:{cli.env['BUS_PORT']}" in found["bus"]["error"]
    assert (found["queues"], found["dead_letters"]) == ([], 0)
