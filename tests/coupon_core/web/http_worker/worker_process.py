"""A gunicorn master with our worker class and a small application."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.support.paths import PROJECT_ROOT
from tests.support.ports import find_free_port
from tests.support.servers.process import wait_until

APP = "tests.coupon_core.web.http_worker.wsgi_app:app"
WORKER_CLASS = "coupon_core.web.gunicorn_worker.HttpWorker"
TIMEOUT_SECONDS = 60.0


@dataclass
class WorkerProcess:
    """A running gunicorn."""

    process: subprocess.Popen[bytes]
    port: int
    home: Path

    def connect(self, timeout: float = TIMEOUT_SECONDS) -> socket.socket:
        wire = socket.create_connection(("127.0.0.1", self.port), timeout)
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return wire

    def worker_pids(self) -> list[int]:
        return [one.pid for one in psutil.Process(self.process.pid).children()]

    @property
    def log(self) -> str:
        return (self.home / "log").read_text()

    def exchange(self, data: bytes, timeout: float = TIMEOUT_SECONDS) -> bytes:
        """Send bytes and return everything until the server closes."""
        with self.connect(timeout) as wire:
            wire.sendall(data)
            return read_all(wire)


def read_all(wire: socket.socket) -> bytes:
    told = b""
    while piece := wire.recv(65_536):
        told += piece
    return told


def get(path: str, *lines: str, version: str = "1.1", method: str = "GET") -> bytes:
    """Return a request as bytes; it closes the connection by default."""
    own = lines or ("Connection: close",)
    return "\r\n".join(
        [f"{method} {path} HTTP/{version}", "Host: x", *own, "", ""]
    ).encode("latin-1")


def read_response(
    wire: socket.socket, buffered: bytes = b""
) -> tuple[int, bytes, bytes]:
    """Status, body and what follows; the answer has a Content-Length."""
    data = buffered
    while b"\r\n\r\n" not in data:
        piece = wire.recv(65_536)
        assert piece, data
        data += piece
    head, _, rest = data.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)content-length: (\d+)", head)
    size = int(length[1]) if length else 0
    while len(rest) < size:
        piece = wire.recv(65_536)
        assert piece, data
        rest += piece
    return int(head[9:12]), rest[:size], rest[size:]


@contextmanager
def running_worker(
    home: Path, *options: str, config: str = "", bind: str = "", app: str = APP
) -> Iterator[WorkerProcess]:
    """gunicorn with options and lines of a configuration file, while the block runs."""
    port = find_free_port()
    (home / "conf.py").write_text(config)
    command = [sys.executable, "-m", "gunicorn", "-k", WORKER_CLASS, "--threads", "4"]
    command += ["-b", bind or f"127.0.0.1:{port}", "-c", str(home / "conf.py")]
    command += ["--no-control-socket", *options, app]
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(
            command,
            cwd=home,
            stdout=log,
            stderr=log,
            env={**os.environ, "PYTHONPATH": str(PROJECT_ROOT)},
        )
    running = WorkerProcess(process, port, home)
    try:
        wait_for_worker(running)
        yield running
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_for_worker(running: WorkerProcess) -> None:
    def is_started() -> bool:
        assert running.process.poll() is None, running.log
        return "Booting worker" in running.log

    wait_until(is_started, TIMEOUT_SECONDS, "a worker of gunicorn")
