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
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests

from tests.servers import RedisServer
from tests.shells import COMMAND, ROOT, free_ports, real

SECONDS = 60.0
CURL = re.compile(r"^curl .*$", re.MULTILINE)
COUPONCTL = re.compile(r"^\.venv/bin/couponctl .*$", re.MULTILINE)
README = (ROOT / "README.md").read_text()
PORTS = "ADMIN_PORT", "QUERY_PORT", "BUS_PORT"
SOON = 2.0  # seconds in which a milestone becomes a coupon


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


def milestones_earn_coupons(run: Run, env: dict[str, str], key: str) -> None:
    """The line of `make run` and both of the README, pasted: each earns a coupon."""
    publish, see = COUPONCTL.findall(run.text)
    there = {**os.environ, **env}
    token = alices_token(run)
    earned(env, token, lambda: sh(publish, there))
    assert "STREAK" in sh(see, there)
    earned(env, token, lambda: sh(in_python(env), there))
    earned(env, token, lambda: curl_of_readme(env, key))
    status = json.loads(sh("couponctl queue status --json", there))
    assert {worker["name"] for worker in status["workers"]} == {"consumer", "relay"}
    assert (status["bus"]["error"], status["dead_letters"]) == (None, 0)


def alices_token(run: Run) -> str:
    """The token that is shown."""
    (token,) = re.findall(r"Player token +(\S+)", run.text)
    return token


def earned(env: dict[str, str], token: str, tell: Callable[[], object]) -> None:
    """Fail unless that tells a milestone that soon is one more coupon to redeem."""
    before = active_codes(env, token)
    tell()
    deadline = time.monotonic() + SOON
    while not (new := active_codes(env, token) - before):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    (code,) = new
    redeemed = called(env, token, f"redeem/{code}", {"user_id": "alice"})
    assert (redeemed["code"], redeemed["status"]) == (code, "redeemed")


def active_codes(env: dict[str, str], token: str) -> set[str]:
    """What the query gateway shows alice of her coupons."""
    coupons = called(env, token, "user/alice")["coupons"]
    return {one["code"] for one in coupons if one["status"] == "active"}


def called(env: dict[str, str], token: str, path: str, body: Any = None) -> Any:
    """What the query gateway answers a player."""
    url = f"http://127.0.0.1:{env['QUERY_PORT']}/v1/coupons/demo/{path}"
    headers = {"Authorization": f"Bearer {token}"}
    method = "POST" if body else "GET"
    return requests.request(
        method, url, headers=headers, json=body, timeout=SECONDS
    ).json()


def sh(line: str, env: dict[str, str]) -> str:
    """What a pasted line says; it must end well."""
    path = f"{COMMAND.parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["sh", "-c", line],
        cwd=ROOT,
        env={**env, "PATH": path},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def in_python(env: dict[str, str]) -> str:
    """A line that runs the README's producer, on this bus."""
    (producer,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert len([line for line in producer.splitlines() if line]) <= 10
    program = producer.replace("8003", env["BUS_PORT"])
    return shlex.join(["python", "-c", program])


def curl_of_readme(env: dict[str, str], key: str) -> None:
    """Paste the README's curl line, to this gateway."""
    (line,) = re.findall(r"^curl .*/v1/events .*$", README, re.MULTILINE)
    here = line.replace("8001", env["ADMIN_PORT"]).replace("$KEY", key)
    assert paste(here)["status"] == "accepted"


def is_free(port: int) -> bool:
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    """Free ports, and a data directory that is not there yet."""
    ports = dict(zip(PORTS, map(str, free_ports(3)), strict=True))
    return {"COUPON_DATA_DIR": str(tmp_path / "var"), **ports}


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
        milestones_earn_coupons(run, env, key)
        everything = run.processes()
        began = time.monotonic()
        os.killpg(run.process.pid, signal.SIGINT)  # as Ctrl-C does
        run.ends(everything)
        assert time.monotonic() - began < 15
    assert "Traceback" not in run.text
    assert all(is_free(int(env[name])) for name in PORTS)

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
        assert len(everything) >= 6  # of each gateway two, the bus, the workers
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
def test_with_a_bus_elsewhere_none_is_started(
    env: dict[str, str], redis: RedisServer
) -> None:
    env = {**env, "COUPON_BROKER_URL": redis.url}
    real(env, "db", "upgrade")
    with running(env, COMMAND, "serve", "all") as run:
        wait_until_answered(run, int(env["QUERY_PORT"]))
        assert "workers started" in run.text
        assert "bus started" not in run.text
        assert is_free(int(env["BUS_PORT"]))
        url = f"http://127.0.0.1:{env['QUERY_PORT']}/ready"
        ready = requests.get(url, timeout=SECONDS).json()
        assert ready["message_queue"] == "connected"
    assert not (Path(env["COUPON_DATA_DIR"]) / "bus").exists()


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
