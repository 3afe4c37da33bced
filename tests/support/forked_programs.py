"""Run the programs of this tree as forks of one process that has imported them.

Imports take most of the time of a short command and of the start of a server. The forks
are processes like those that the programs are started as: with arguments, variables, a
directory, files and a process ID of their own, and with parents that wait for them.
"""

from __future__ import annotations

import atexit
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from threading import Lock
from typing import IO

from tests.support.paths import PROJECT_ROOT

SERVER_MODULE = "tests.support.program_server"
MAX_NUMBER_BYTES = 20
COUPONCTL = "couponctl"
_is_starting = Lock()
# Without site packages, so that it starts within milliseconds.
CLIENT = f"""#!{{python}} -ISB
import json, os, socket, sys
server = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
server.connect({{address!r}})
call = ["{COUPONCTL}", sys.argv[1:], dict(os.environ), os.getcwd(), {{limit}}]
socket.send_fds(server, [json.dumps(call).encode()], [0, 1, 2])
server.recv({MAX_NUMBER_BYTES})  # its process ID
sys.exit(int(server.recv({MAX_NUMBER_BYTES}) or b"70"))
"""


@dataclass
class ForkedProgram:
    """A running program, with the methods of `subprocess.Popen` that servers need."""

    arguments: Sequence[str]
    channel: socket.socket
    pid: int = 0
    returncode: int | None = None
    _lock: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        self.pid = int(self.channel.recv(MAX_NUMBER_BYTES))

    def poll(self) -> int | None:
        """Return the exit status, or None while it runs."""
        with self._lock, suppress(BlockingIOError):
            if self.returncode is None:
                told = self.channel.recv(MAX_NUMBER_BYTES, socket.MSG_DONTWAIT)
                self.returncode = int(told or -signal.SIGKILL)
                self.channel.close()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit status after its end."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while (status := self.poll()) is None:
            if deadline is not None and time.monotonic() > deadline:
                raise subprocess.TimeoutExpired(list(self.arguments), timeout or 0)
            time.sleep(0.005)
        return status

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Kill it."""
        self.send_signal(signal.SIGKILL)


def is_forkable(command: Sequence[str], environment: Mapping[str, str]) -> bool:
    """Return True for a module of this tree without other packages or another clock."""
    is_module = list(command[:2]) == [sys.executable, "-m"]
    return is_module and environment.get("PYTHONPATH") == str(PROJECT_ROOT)


def start_fork(
    command: Sequence[str],
    environment: Mapping[str, str],
    directory: Path,
    log: IO[bytes],
) -> ForkedProgram:
    """Start a module that writes to `log`, in a session of its own."""
    with _is_starting:  # threads start several gateways at a time
        address = get_shared_server()
    channel = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    channel.connect(address)
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    call = [command[2], command[3:], dict(environment), str(directory), limit]
    with open(os.devnull, "rb") as nothing:
        files = [nothing.fileno(), log.fileno(), log.fileno()]
        socket.send_fds(channel, [json.dumps(call).encode()], files)
    return ForkedProgram(command, channel)


@cache
def get_shared_server() -> str | bytes:
    """Start the server of this process; return its address, which is no file."""
    server, address = start_server("")
    atexit.register(server.communicate)
    return address


@contextmanager
def forked_couponctl(directory: Path) -> Iterator[Path]:
    """Yield an empty directory's `couponctl`, which works while the block runs."""
    address, program = str(directory / "socket"), directory / COUPONCTL
    server, _ = start_server(address)
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    program.write_text(
        CLIENT.format(python=sys.executable, address=address, limit=list(limit))
    )
    program.chmod(0o755)
    try:
        yield program
    finally:
        server.communicate()


def start_server(address: str) -> tuple[subprocess.Popen[bytes], str | bytes]:
    """Start a server, which ends with its standard input; return it and its address.

    Linux chooses an address if none is given.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(address)
        listener.listen(64)
        server = subprocess.Popen(
            [sys.executable, "-m", SERVER_MODULE, str(listener.fileno())],
            cwd=PROJECT_ROOT,
            stdin=subprocess.PIPE,
            pass_fds=[listener.fileno()],
            start_new_session=True,
        )
        return server, listener.getsockname()
