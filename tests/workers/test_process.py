"""Test `python -m workers`: start, heartbeat and end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from coupon_core.domain.models import utc_now
from coupon_core.observability.process_status import is_alive
from coupon_core.persistence import database, running_processes
from coupon_core.settings.loader import Settings
from tests.chaos.worker_processes import build_environment
from tests.conftest import Broker
from tests.factories.tenant import TenantFactory, create_tenant
from tests.support.concurrency import started_core
from tests.support.databases import migrate_database
from tests.support.invariants import fetch_rows
from tests.support.notifications import Notifications, received_notifications
from tests.support.paths import PROJECT_ROOT
from tests.support.servers import postgres_server
from tests.support.servers.process import SOON_SECONDS
from tests.support.settings import build_settings
from tests.workers.milestones import cloud, count_held_coupons, define_streak_trigger
from tests.workers.raw_messages import becomes_true, publish, purge_queues
from workers.__main__ import WORKERS
from workers.heartbeat import Heartbeat, remove_stale_heartbeats


def start_workers(
    settings: Settings, *names: str, **environment: str
) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "workers", *names],
        cwd=PROJECT_ROOT,
        env={**build_environment(settings), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.fixture
def notifications() -> Iterator[Notifications]:
    """Return what a process says to systemd."""
    with received_notifications() as notifications:
        yield notifications


@pytest.mark.parametrize(
    "url",
    [
        "memory://",
        "filesystem://",
        "sqla+sqlite:///bus.db",
        "sqs://",
        "redis",
        "http://127.0.0.1/",
    ],
)
def test_a_bus_that_loses_messages_is_refused_with_the_reason(
    url: str, tmp_path: Path
) -> None:
    settings = build_settings(f"sqlite:///{tmp_path / 'c.db'}", tmp_path, url)
    process = start_workers(settings)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "expected a message broker at redis://…, sentinel://… or amqp://…" in output


def test_an_unknown_worker_is_refused_by_name(tmp_path: Path) -> None:
    settings = build_settings(f"sqlite:///{tmp_path / 'c.db'}", tmp_path)
    process = start_workers(settings, "bureaucrat")
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 2
    names = ", ".join(WORKERS)
    expected = f'Unknown worker "bureaucrat": expected one of {names}.'
    assert output.strip() == expected


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_workers_say_that_they_consume_and_a_signal_ends_them_soon(
    number: signal.Signals,
    broker: Broker,
    core: Settings,
    tenant: TenantFactory,
    tmp_path: Path,
    notifications: Notifications,
) -> None:
    purge_queues(broker)
    definition = define_streak_trigger(tenant)
    settings = replace(core, broker_url=broker.url, data_dir=tmp_path)
    process = start_workers(settings, **notifications.environment)
    try:
        assert notifications.receive() == "READY=1"
        assert process.stdout
        log = os.read(process.stdout.fileno(), 65_536).decode()
        assert log.count('"event":"consuming"') == 3
        assert list_live_workers(tmp_path) == WORKERS.keys()
        events = [cloud(tenant, subject=f"u{n}", id=f"{n}") for n in range(400)]
        publish(broker, *[json.dumps(event).encode() for event in events])
        assert becomes_true(lambda: count_held_coupons(definition, "u40") == 1, 60)
        (announced,) = running_processes.list_running(utc_now())
        assert (announced.program, announced.pid) == ("workers", process.pid)
        process.send_signal(number)
        assert notifications.receive() == "STOPPING=1"
        assert process.wait(SOON_SECONDS) == 0
    finally:
        process.kill()
        process.communicate()
    assert not list((tmp_path / "workers").iterdir())
    assert running_processes.list_running(utc_now()) == []


def list_live_workers(directory: Path) -> set[str]:
    """Return the names of the workers with a heartbeat file."""
    return {path.name.partition("-")[0] for path in directory.glob("workers/*")}


def test_workers_start_before_their_bus_and_their_database(
    empty_database_url: str, tmp_path: Path, notifications: Notifications
) -> None:
    settings = build_settings(empty_database_url, tmp_path, "redis://127.0.0.1:1/0")
    process = start_workers(settings, **notifications.environment)
    try:
        assert notifications.receive() == "READY=1"
        assert list_live_workers(tmp_path) == WORKERS.keys()
        time.sleep(1)
        assert process.poll() is None
        process.terminate()
        assert process.wait(SOON_SECONDS) == 0
    finally:
        process.kill()
        process.communicate()


def test_a_worker_tells_that_it_lives(tmp_path: Path) -> None:
    heartbeat = Heartbeat(tmp_path, "consumer")
    heartbeat.beat()
    assert heartbeat.path.name == f"consumer-{os.getpid()}"
    assert heartbeat.path.stat().st_mtime >= time.time() - 5
    heartbeat.end()
    assert not heartbeat.path.exists()


def test_the_files_of_dead_workers_are_removed(tmp_path: Path) -> None:
    """In a container that is restarted, a process has the ID of the one before."""
    child = subprocess.Popen([sys.executable, "-c", ""])
    for pid in (os.getppid(), os.getpid(), child.pid):
        (tmp_path / f"relay-{pid}").touch()
    # It remains a zombie until it is waited for.
    assert becomes_true(lambda: not is_alive(child.pid))
    remove_stale_heartbeats(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [f"relay-{os.getppid()}"]
    child.wait()


@pytest.mark.slow
def test_a_database_that_is_away_loses_nothing(
    redis: Broker, tmp_path: Path, postgres: object
) -> None:
    purge_queues(redis)
    # Without fsync, PostgreSQL would lose its last commits.
    with postgres_server(tmp_path, fsync=True) as server:
        url = server.url()
        migrate_database(url)
        settings = build_settings(url, tmp_path, redis.url)
        with started_core(settings):
            tenant = create_tenant()
            definition = define_streak_trigger(tenant)
            process = start_workers(settings, "consumer")
            try:
                for number in range(3):
                    events = [
                        cloud(tenant, subject=f"u{number}-{n}", id=f"{number}-{n}")
                        for n in range(100)
                    ]
                    publish(redis, *[json.dumps(event).encode() for event in events])
                    if number == 1:
                        server.stop(signal.SIGKILL)
                        time.sleep(3)
                        server.start()
                database.close_database()
                assert becomes_true(
                    lambda: count_held_coupons(definition, "u2-99") == 1, 60
                )
                count_all = "SELECT count(*) FROM earned_coupon"
                assert becomes_true(lambda: fetch_rows(count_all) == [(300,)], 60)
                assert fetch_rows("SELECT count(*) FROM dead_letter") == [(0,)]
            finally:
                process.kill()
                print(process.communicate()[0])
