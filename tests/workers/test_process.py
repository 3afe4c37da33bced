"""`python -m workers`: how it starts, tells that it lives, and ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from coupon_core.persistence import database
from coupon_core.settings.loader import Settings
from tests.chaos.crew import ROOT, environment_of
from tests.conftest import Broker
from tests.cores import started
from tests.databases import upgrade
from tests.invariants import rows
from tests.servers import postgres_server
from tests.settings import settings_for
from tests.shop import Shop, new_shop
from tests.workers.bus import empty, in_time, publish
from tests.workers.reached import cloud, held, watch
from workers.__main__ import WORKERS
from workers.heartbeat import Heartbeat, forget_the_dead, is_alive


def workers(settings: Settings, *names: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "workers", *names],
        cwd=ROOT,
        env=environment_of(settings),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


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
    settings = settings_for(f"sqlite:///{tmp_path / 'c.db'}", tmp_path, url)
    process = workers(settings)
    told, _ = process.communicate(timeout=30)
    assert process.returncode == 2
    assert "is no bus that keeps messages when a process dies" in told


def test_an_unknown_worker_is_refused_by_name(tmp_path: Path) -> None:
    settings = settings_for(f"sqlite:///{tmp_path / 'c.db'}", tmp_path)
    process = workers(settings, "bureaucrat")
    told, _ = process.communicate(timeout=30)
    assert process.returncode == 2
    assert told.strip() == "unknown worker bureaucrat; there are " + ", ".join(WORKERS)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_all_workers_within_five_seconds(
    number: signal.Signals, broker: Broker, core: Settings, shop: Shop, tmp_path: Path
) -> None:
    empty(broker)
    definition = watch(shop)
    settings = replace(core, broker_url=broker.url, data_dir=tmp_path)
    process = workers(settings)
    try:
        events = [cloud(shop, subject=f"u{n}", id=f"{n}") for n in range(400)]
        publish(broker, *[json.dumps(event).encode() for event in events])
        assert in_time(lambda: held(definition, "u40") == 1, 20)
        began = time.monotonic()
        process.send_signal(number)
        assert process.wait(10) == 0
        assert time.monotonic() - began < 5
    finally:
        process.kill()
        process.communicate()
    assert not list((tmp_path / "workers").iterdir())


def beating(directory: Path) -> set[str]:
    """The workers that tell that they live."""
    return {path.name.partition("-")[0] for path in directory.glob("workers/*")}


def test_workers_start_before_their_bus_and_their_database(tmp_path: Path) -> None:
    settings = settings_for(
        f"sqlite:///{tmp_path / 'late.db'}", tmp_path, "redis://127.0.0.1:1/0"
    )
    process = workers(settings)
    try:
        assert in_time(lambda: beating(tmp_path) == WORKERS.keys(), 20)
        time.sleep(1)
        assert process.poll() is None
        process.terminate()
        assert process.wait(10) == 0
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
    child = subprocess.Popen([sys.executable, "-c", ""])
    (tmp_path / f"consumer-{os.getpid()}").touch()
    (tmp_path / f"relay-{child.pid}").touch()
    assert in_time(lambda: not is_alive(child.pid))  # a zombie until it is waited for
    forget_the_dead(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [f"consumer-{os.getpid()}"]
    child.wait()


@pytest.mark.slow
def test_a_database_that_is_away_loses_nothing(
    redis: Broker, tmp_path: Path, postgres: object
) -> None:
    empty(redis)
    # Without fsync it forgets the last moments before its death.
    with postgres_server(tmp_path, fsync=True) as server:
        url = server.url()
        upgrade(url)
        settings = settings_for(url, tmp_path, redis.url)
        with started(settings):
            shop = new_shop()
            definition = watch(shop)
            process = workers(settings, "consumer")
            try:
                for number in range(3):
                    events = [
                        cloud(shop, subject=f"u{number}-{n}", id=f"{number}-{n}")
                        for n in range(100)
                    ]
                    publish(redis, *[json.dumps(one).encode() for one in events])
                    if number == 1:
                        server.stop(signal.SIGKILL)
                        time.sleep(3)
                        server.start()
                back = time.monotonic()
                database.close_database()
                assert in_time(lambda: held(definition, "u2-99") == 1, 20)
                assert time.monotonic() - back < 10
                everybody = "SELECT count(*) FROM earned_coupon"
                assert in_time(lambda: rows(everybody) == [(300,)], 10)
                assert rows("SELECT count(*) FROM dead_letter") == [(0,)]
            finally:
                process.kill()
                print(process.communicate()[0])
