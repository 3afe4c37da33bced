"""A server process that never outlives the test run."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import psutil

from tests.support.forked_programs import ForkedProgram, is_forkable, start_fork

START_TIMEOUT_SECONDS = 120.0
STOP_TIMEOUT_SECONDS = 30.0
# What a limit of the product ends after some seconds ends within these on a busy
# machine too; without the limit it would take minutes.
SOON_SECONDS = 20.0


class ServerError(RuntimeError):
    """A server could not be found, started or stopped."""


# Blocks until this process ends (or has stopped the server itself and closes the
# pipe), then makes sure that the server ends as well.
_GUARD = """
import os, shutil, signal, sys, time
pid, waste = int(sys.argv[1]), sys.argv[2]
signal.signal(signal.SIGINT, signal.SIG_IGN)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if sys.stdin.read() == "stopped":
    sys.exit()
for number in (signal.SIGQUIT, signal.SIGKILL):
    for _ in range(50):
        try:
            os.kill(pid, number)
        except OSError:
            break
        time.sleep(0.1)
shutil.rmtree(waste, ignore_errors=True)
"""


@dataclass
class Process:
    """A server process that can be stopped and started repeatedly."""

    command: list[str]
    directory: Path
    is_ready: Callable[[], bool]
    stop_signal: signal.Signals
    user: pwd.struct_passwd | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    is_forked: bool = False
    """Programs of this tree start faster as forks (`forked_programs`)."""
    _child: subprocess.Popen[bytes] | ForkedProgram | None = field(
        default=None, init=False
    )
    _guard: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def pid(self) -> int:
        """Return the process ID of the running server."""
        if self._child is None:
            raise ServerError(f"{self.command[0]} is not running")
        return self._child.pid

    @property
    def log(self) -> Path:
        """Return the path of the server's output."""
        return self.directory / "server.log"

    def start(self) -> None:
        """Start the server; return once it answers."""
        with self.log.open("ab") as log:
            self._child = start_child(self, log)
        self._guard = subprocess.Popen(
            [sys.executable, "-ISc", _GUARD, str(self._child.pid), str(self.directory)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            wait_until(
                self._is_answering,
                START_TIMEOUT_SECONDS,
                f"{self.command[0]} to answer",
            )
        except BaseException:
            self.stop(signal.SIGKILL)
            raise

    def stop(self, signal_number: signal.Signals | None = None) -> None:
        """Stop it with a signal, by default gracefully, and wait for its end."""
        if self._child is None:
            return
        self._child.send_signal(signal_number or self.stop_signal)
        try:
            self._child.wait(STOP_TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        self._child = None
        self._release_guard()

    def _is_answering(self) -> bool:
        if self._child is not None and self._child.poll() is not None:
            raise ServerError(f"{self.command[0]} ended at once:\n{self._log_tail()}")
        return self.is_ready()

    def _log_tail(self) -> str:
        return self.log.read_text(errors="replace")[-2000:]

    def _release_guard(self) -> None:
        if self._guard is not None:
            self._guard.communicate(b"stopped")
            self._guard = None


def start_child(
    process: Process, log: IO[bytes]
) -> subprocess.Popen[bytes] | ForkedProgram:
    """Start the server in a session of its own."""
    environment = {
        **build_clean_environment(process.directory),
        **process.environment,
    }
    if process.is_forked and is_forkable(process.command, environment):
        return start_fork(process.command, environment, process.directory, log)
    return subprocess.Popen(
        process.command,
        cwd=process.directory,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        start_new_session=True,
        **build_user_options(process.user),
    )


def build_user_options(user: pwd.struct_passwd | None) -> dict[str, Any]:
    """Return the subprocess options that run a child as that user."""
    if user is None:
        return {}
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


@contextmanager
def frozen_process(pid: int) -> Iterator[None]:
    """Suspend a server and its children; connections to it stay open."""
    server = psutil.Process(pid)
    processes = [server, *server.children(recursive=True)]
    for process in processes:
        process.suspend()
    try:
        yield
    finally:
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                process.resume()


def build_clean_environment(home: Path) -> dict[str, str]:
    """Return an environment without the caller's PG*, LC_* and HOME."""
    path = os.environ.get("PATH", os.defpath)
    return {"PATH": path, "HOME": str(home), "LC_ALL": "C", "TZ": "UTC"}


def wait_until(condition: Callable[[], bool], seconds: float, description: str) -> None:
    """Wait until `condition()` is true.

    Raises:
        ServerError: The condition is still false after that many seconds.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise ServerError(
                f"waited {seconds:.0f} s without success for {description}"
            )
        time.sleep(0.02)


@dataclass
class Stopwatch:
    """Measures how long an attempt has taken since it was last started."""

    started_at: float = field(default_factory=time.monotonic)

    def restart(self) -> None:
        """Measure from now on."""
        self.started_at = time.monotonic()


def run_punctually(attempt: Callable[[Stopwatch], object], seconds: float) -> None:
    """Run an attempt whose steps must follow each other within that time.

    If the machine was too busy for that, a failure says nothing, and it is repeated.
    """
    for is_last in (*[False] * 9, True):
        watch = Stopwatch()
        try:
            attempt(watch)
        except (AssertionError, OSError):
            if is_last or time.monotonic() - watch.started_at <= seconds:
                raise
        else:
            return


def find_in_wheel(package: str, *parts: str) -> Path | None:
    """Return a file inside an installed package, without importing it."""
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        return None
    path = Path(spec.submodule_search_locations[0], *parts)
    return path if path.exists() else None


@contextmanager
def private_directory(
    parent: Path | None, prefix: str, owner: pwd.struct_passwd | None
) -> Iterator[Path]:
    """Yield a new directory that only its owner may enter, and remove it."""
    home = Path(tempfile.mkdtemp(prefix=prefix, dir=parent)).resolve()
    try:
        if owner is not None:
            os.chown(home, owner.pw_uid, owner.pw_gid)
        yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)
