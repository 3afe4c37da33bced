"""`make run` as a newcomer lives it: start, paste two lines, stop, start again."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests

from tests.shells import COMMAND, ROOT, free_ports, real

SECONDS = 60.0
CURL = re.compile(r"^curl .*$", re.MULTILINE)


@dataclass
class Run:
    """A running `make run`, or a part of it, with all that it has said."""

    process: subprocess.Popen[str]
    said: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(self.said)

    def wait_for_lines(self) -> list[str]:
        """The two curl lines, once they are there."""
        deadline = time.monotonic() + SECONDS
        while len(CURL.findall(self.text)) < 2:
            assert self.process.poll() is None, self.text
            assert time.monotonic() < deadline, self.text
            time.sleep(0.05)
        return CURL.findall(self.text)

    def processes(self) -> list[psutil.Process]:
        """All that it has started."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def ends(self, processes: list[psutil.Process]) -> None:
        """Fail unless it and all of them end soon."""
        self.process.wait(SECONDS)
        _, alive = psutil.wait_procs(processes, timeout=SECONDS)
        assert alive == [], self.text


def collect(run: Run) -> None:
    """Read what it says until it ends."""
    assert run.process.stdout
    for line in run.process.stdout:
        run.said.append(line)


@contextmanager
def running(env: dict[str, str], *command: str | Path) -> Iterator[Run]:
    """A command as a terminal would start it: the leader of a group of its own."""
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, **env},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    run = Run(process)
    reader = threading.Thread(target=collect, args=(run,))
    reader.start()
    try:
        yield run
    finally:
        for one in run.processes() if process.poll() is None else ():
            one.kill()
        process.kill()
        process.wait(SECONDS)
        reader.join(SECONDS)
        assert process.stdout
        process.stdout.close()


def paste(line: str) -> dict[str, Any]:
    """What a curl line answers, in a shell if there is a curl."""
    if shutil.which("curl"):
        done = subprocess.run(["sh", "-c", line], capture_output=True, check=True)
        return json.loads(done.stdout)
    words = shlex.split(line)
    pairs = list(pairwise(words))
    headers = dict(value.split(": ", 1) for name, value in pairs if name == "-H")
    body = next((value for name, value in pairs if name == "-d"), None)
    method = "POST" if body else "GET"
    return requests.request(
        method, words[-1], headers=headers, data=body, timeout=SECONDS
    ).json()


def is_free(port: int) -> bool:
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    """Free ports, and a data directory that is not there yet."""
    admin, query = map(str, free_ports(2))
    names = "COUPON_DATA_DIR", "ADMIN_PORT", "QUERY_PORT"
    return dict(zip(names, (str(tmp_path / "var"), admin, query), strict=True))


@pytest.mark.slow
def test_make_run_from_nothing_and_once_more(env: dict[str, str]) -> None:
    with running(env, "make", "run") as run:
        validate, redeem = run.wait_for_lines()
        assert paste(validate)["valid"] is True
        assert paste(redeem)["status"] == "redeemed"
        assert paste(validate)["error"] == "Coupon has already been used"
        (key,) = re.findall(r"pk_\S+", run.text)
        rewards = f"http://127.0.0.1:{env['ADMIN_PORT']}/v1/tenants/demo/rewards"
        listed = requests.get(rewards, headers={"X-API-Key": key}, timeout=SECONDS)
        assert listed.json()["total"] == 4
        everything = run.processes()
        os.killpg(run.process.pid, signal.SIGINT)  # as Ctrl-C does
        run.ends(everything)
    assert "Traceback" not in run.text
    assert all(is_free(int(env[name])) for name in ("ADMIN_PORT", "QUERY_PORT"))

    with running(env, "make", "run") as again:
        validate, redeem = again.wait_for_lines()
        assert key in again.text
        assert paste(validate)["valid"] is True
        assert paste(redeem)["status"] == "redeemed"
        everything = again.processes()
        again.process.send_signal(signal.SIGTERM)  # to make alone
        again.ends(everything)
    assert "Traceback" not in again.text


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_no_signal_leaves_anything_behind(
    env: dict[str, str], number: signal.Signals
) -> None:
    real(env, "db", "upgrade")
    with running(env, COMMAND, "serve", "all") as run:
        wait_until_answered(run, int(env["QUERY_PORT"]))
        everything = run.processes()
        assert len(everything) >= 4  # a master and a worker of each
        run.process.send_signal(number)
        run.ends(everything)
        assert run.process.returncode == 0
    assert "Traceback" not in run.text


@pytest.mark.slow
def test_when_one_process_ends_so_do_all(env: dict[str, str]) -> None:
    real(env, "db", "upgrade")
    with running(env, COMMAND, "serve", "all") as run:
        wait_until_answered(run, int(env["QUERY_PORT"]))
        everything = run.processes()
        (pid,) = re.findall(r"admin started \(pid=(\d+)\)", run.text)
        os.kill(int(pid), signal.SIGKILL)
        run.ends(everything)
        assert run.process.returncode != 0


@pytest.mark.slow
def test_what_gunicorn_itself_refuses_is_json_too(env: dict[str, str]) -> None:
    real(env, "db", "upgrade")
    port = int(env["ADMIN_PORT"])
    with running(env, COMMAND, "serve", "admin") as run:
        wait_until_answered(run, port)
        url = f"http://127.0.0.1:{port}/{'x' * 5_000}"
        answer = requests.get(url, timeout=SECONDS)
        assert (answer.status_code, answer.json()["code"]) == (414, "URI_TOO_LONG")
        headers = {f"X-{number}": "x" for number in range(100)}
        answer = requests.get(url[:30], headers=headers, timeout=SECONDS)
        assert (answer.status_code, answer.json()["code"]) == (431, "HEADERS_TOO_LARGE")


@pytest.mark.slow
def test_a_second_run_says_that_the_first_one_is_running(env: dict[str, str]) -> None:
    real(env, "db", "upgrade")
    port = int(env["ADMIN_PORT"])
    with running(env, COMMAND, "serve", "admin") as run:
        wait_until_answered(run, port)
        done = real(env, "serve", "all")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"Error: Port {port} of the admin gateway: taken")
    assert "a running gateway of ours" in done.stderr


def wait_until_answered(run: Run, port: int) -> None:
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        assert run.process.poll() is None, run.text
        try:
            requests.get(f"http://127.0.0.1:{port}/health", timeout=SECONDS)
            return
        except requests.ConnectionError:
            time.sleep(0.05)
    raise AssertionError(run.text)
