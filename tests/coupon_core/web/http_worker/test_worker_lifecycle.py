"""Signals and limits of a worker's life: drain, reload, max_requests, timeout."""

from __future__ import annotations

import json
import os
import signal
import time
from contextlib import ExitStack
from pathlib import Path
from threading import Event, Thread

import psutil
import pytest

from coupon_core.web.http_worker.limits import LINGER_SECONDS
from tests.coupon_core.web.http_worker.worker_process import (
    WorkerProcess,
    get,
    read_all,
    read_response,
    running_worker,
)
from tests.support.servers.process import (
    SOON_SECONDS,
    Stopwatch,
    run_punctually,
    wait_until,
)

pytestmark = pytest.mark.slow


def test_sigterm_finishes_requests_and_lets_idle_connections_linger(
    tmp_path: Path,
) -> None:
    def attempt(watch: Stopwatch) -> None:
        with running_worker(tmp_path) as running:
            with running.connect() as busy, running.connect() as idle:
                idle.sendall(get("/echo", "X-A: b"))
                read_response(idle)
                watch.restart()
                busy.sendall(get("/slow?1.5", "X-A: b"))
                time.sleep(0.3)
                running.process.send_signal(signal.SIGTERM)
                time.sleep(0.5)
                idle.sendall(get("/echo", "X-A: b"))
                told = read_all(idle)
                assert told.startswith(b"HTTP/1.1 200")
                assert b"Connection: close" in told
                assert read_all(busy).endswith(b"done")
            running.process.wait(SOON_SECONDS)
        assert "Traceback" not in running.log

    run_punctually(attempt, LINGER_SECONDS)


def test_after_sigterm_a_connection_is_answered_or_refused_and_never_reset(
    tmp_path: Path,
) -> None:
    """A proxy sends a request to another gateway only if it cannot connect to one."""

    def attempt(watch: Stopwatch) -> None:
        with running_worker(tmp_path) as running, ExitStack() as stack:
            idle = stack.enter_context(running.connect())  # the worker lives 2 s for it
            idle.sendall(get("/echo", "X-A: b"))
            read_response(idle)
            watch.restart()
            (pid,) = running.worker_pids()
            os.kill(pid, signal.SIGSTOP)
            waiting = [stack.enter_context(running.connect()) for _ in range(9)]
            for wire in waiting:
                wire.sendall(get("/echo", "X-A: b"))
            running.process.send_signal(signal.SIGTERM)
            time.sleep(0.3)  # until gunicorn's master has passed it on
            os.kill(pid, signal.SIGCONT)
            assert [read_response(wire)[0] for wire in waiting] == [200] * len(waiting)
            wait_until(lambda: is_refused(running), 60, "the end of the listener")
            idle.sendall(get("/echo", "X-A: b"))
            assert read_response(idle)[0] == 200

    run_punctually(attempt, LINGER_SECONDS)


def is_refused(running: WorkerProcess) -> bool:
    """Return True if nothing listens on the port any more."""
    try:
        running.connect().close()
    except ConnectionRefusedError:
        return True
    return False


class KeepAliveClient(Thread):
    """Repeats requests on one connection; opens another after `Connection: close`."""

    def __init__(self, running: WorkerProcess, is_new_each_time: bool) -> None:
        super().__init__()
        self.running, self.is_new_each_time = running, is_new_each_time
        self.stop, self.count = Event(), 0
        self.failures: list[str] = []

    def run(self) -> None:
        lines = ("Connection: close",) if self.is_new_each_time else ("X-A: b",)
        while not self.stop.is_set():
            with self.running.connect() as wire:
                while not self.stop.is_set():
                    try:
                        wire.sendall(get("/echo", *lines))
                        told = wire.recv(65_536)
                    except OSError as error:
                        self.failures.append(repr(error))
                        break
                    self.count += 1
                    if not told.startswith(b"HTTP/1.1 200"):
                        self.failures.append(repr(told[:99]))
                        break
                    if b"Connection: close" in told:
                        break
                    time.sleep(0.002)


def test_reload_under_load_fails_no_request(tmp_path: Path) -> None:
    with running_worker(tmp_path, "--workers", "2") as running:
        clients = [KeepAliveClient(running, number % 2 == 0) for number in range(6)]
        for client in clients:
            client.start()
        for number in range(1, 4):
            wait_until(
                lambda least=170 * number: sum(one.count for one in clients) > least,
                60,
                "requests between reloads",
            )
            before = set(running.worker_pids())
            running.process.send_signal(signal.SIGHUP)
            wait_until(
                lambda old=before: not old & set(running.worker_pids()), 60, "reload"
            )
        for client in clients:
            client.stop.set()
        for client in clients:
            client.join()
    assert [client.failures for client in clients] == [[]] * len(clients)
    assert sum(client.count for client in clients) > 500


def test_max_requests_replaces_the_worker_without_a_failure(tmp_path: Path) -> None:
    options = "--max-requests", "50", "--max-requests-jitter", "5"
    with running_worker(tmp_path, *options) as running:
        pids = set()
        for _ in range(150):
            told = running.exchange(get("/echo"))
            pids.add(json.loads(told.partition(b"\r\n\r\n")[2])["pid"])
    assert len(pids) >= 2


def test_one_stuck_thread_is_no_reason_to_kill_the_worker_but_all_are(
    tmp_path: Path,
) -> None:
    with running_worker(
        tmp_path, "--timeout", "2", "--threads", "2", "--preload"
    ) as running:
        (first,) = running.worker_pids()
        with running.connect(30) as one:
            one.sendall(get("/slow?4"))
            assert read_all(one).endswith(b"done")
            assert running.worker_pids() == [first]
        with running.connect(30) as one, running.connect(30) as two:
            for wire in (one, two):
                wire.sendall(get("/slow?30"))
            wait_until(lambda: first not in running.worker_pids(), 60, "a new worker")
        assert "WORKER TIMEOUT" in running.log


def test_a_long_answer_that_goes_on_is_no_stuck_thread(tmp_path: Path) -> None:
    with running_worker(
        tmp_path, "--timeout", "1", "--threads", "1", "--preload"
    ) as running:
        (first,) = running.worker_pids()
        with running.connect(30) as wire:
            wire.sendall(get("/trickle?3"))
            assert read_all(wire).endswith(b"0\r\n\r\n")
        assert running.worker_pids() == [first]


def test_a_worker_that_waits_uses_no_cpu(tmp_path: Path) -> None:
    with running_worker(tmp_path) as running:
        (pid,) = running.worker_pids()
        with running.connect() as wire:
            wire.sendall(b"GET /")
            time.sleep(0.5)
            before = psutil.Process(pid).cpu_times()
            time.sleep(2)
            after = psutil.Process(pid).cpu_times()
        assert after.user + after.system - before.user - before.system < 0.1


def test_sigquit_ends_the_worker_at_once(tmp_path: Path) -> None:
    with running_worker(tmp_path) as running, running.connect() as wire:
        wire.sendall(get("/slow?60"))
        time.sleep(0.2)
        (pid,) = running.worker_pids()
        os.kill(pid, signal.SIGQUIT)
        wait_until(
            lambda: not psutil.pid_exists(pid), SOON_SECONDS, "end of the worker"
        )
