"""A running `make run` or a part of it, and commands pasted into a shell."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import psutil
import requests

from tests.support.log_secrets import check_output
from tests.support.paths import PROJECT_ROOT

TIMEOUT_SECONDS = 60.0
CURL_LINE = re.compile(r"^curl .*$", re.MULTILINE)


@dataclass
class Run:
    """A running `make run` or a part of it, with its output."""

    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """Return the output so far."""
        return "".join(self.lines)

    def wait_for_curl_lines(self) -> list[str]:
        """Wait for the curl lines in the output and return them."""
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while len(CURL_LINE.findall(self.text)) < 4:
            assert self.process.poll() is None, self.text
            assert time.monotonic() < deadline, self.text
            time.sleep(0.05)
        return CURL_LINE.findall(self.text)

    def list_processes(self) -> list[psutil.Process]:
        """Return all processes that it has started."""
        try:
            return psutil.Process(self.process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return []

    def list_group(self) -> list[psutil.Process]:
        """Return the living processes that have not left its process group."""
        found = []
        for process in psutil.process_iter(["status"]):
            with suppress(ProcessLookupError):  # it has just ended
                is_alive = process.info["status"] != psutil.STATUS_ZOMBIE
                if is_alive and os.getpgid(process.pid) == self.process.pid:
                    found.append(process)
        return found

    def expect_exit(self, processes: list[psutil.Process]) -> None:
        """Fail unless it and all its processes end soon."""
        self.process.wait(TIMEOUT_SECONDS)
        _, alive = psutil.wait_procs(processes, timeout=TIMEOUT_SECONDS)
        assert alive == [], self.text


def collect_output(run: Run) -> None:
    """Read its output until it ends."""
    assert run.process.stdout
    for line in run.process.stdout:
        run.lines.append(line)


@contextmanager
def started_command(env: dict[str, str], *command: str | Path) -> Iterator[Run]:
    """Start a command as a terminal would: as the leader of its own process group."""
    process = subprocess.Popen(
        command,
        cwd=PROJECT_ROOT,
        env={**os.environ, **env},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    run = Run(process)
    reader = threading.Thread(target=collect_output, args=(run,))
    reader.start()
    try:
        yield run
    finally:
        for child in run.list_processes():
            with suppress(psutil.NoSuchProcess):
                child.kill()
        process.kill()
        process.wait(TIMEOUT_SECONDS)
        reader.join(TIMEOUT_SECONDS)
        assert process.stdout
        process.stdout.close()
    # The output for people shows credentials on purpose; the log must not.
    check_output("".join(line for line in run.lines if '{"time":' in line))


def run_pasted_line(line: str) -> dict[str, Any]:
    """Run a curl line in a shell; return its output, or skip without curl."""
    if shutil.which("curl"):
        done = subprocess.run(["sh", "-c", line], capture_output=True, check=True)
        return json.loads(done.stdout)
    arguments = shlex.split(line)
    pairs = list(pairwise(arguments))
    headers = dict(value.split(": ", 1) for name, value in pairs if name == "-H")
    body = next((value for name, value in pairs if name == "-d"), None)
    method = "POST" if body else "GET"
    return requests.request(
        method, arguments[-1], headers=headers, data=body, timeout=TIMEOUT_SECONDS
    ).json()


def wait_until_healthy(run: Run, port: int) -> None:
    """Wait until the server on a port is healthy."""
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        assert run.process.poll() is None, run.text
        try:
            requests.get(f"http://127.0.0.1:{port}/health", timeout=TIMEOUT_SECONDS)
            return
        except requests.ConnectionError:
            time.sleep(0.05)
    raise AssertionError(run.text)
