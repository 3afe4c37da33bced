"""Limits of the worker as a process: streams, descriptors, proxies, pollers."""

from __future__ import annotations

import json
import resource
import socket
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.coupon_core.web.http_worker.worker_process import (
    get,
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

WITHOUT_EPOLL = """
def post_fork(server, worker):
    from coupon_core.web import gunicorn_worker
    from coupon_core.web.http_worker.pollers import SelectPoller
    gunicorn_worker.create_poller = SelectPoller
"""
FULL_DISK = """
def post_worker_init(worker):
    from coupon_core.web.http_worker import body_spool
    def append(self, data):
        raise OSError(28, "No space left on device")
    body_spool.Upload.append = append
"""


def test_streams_occupy_at_most_half_of_the_threads(tmp_path: Path) -> None:
    with running_worker(tmp_path, "--keep-alive", "1") as running:

        def attempt(watch: Stopwatch) -> None:
            watch.restart()
            with ExitStack() as stack:
                slow = [stack.enter_context(running.connect()) for _ in range(2)]
                for wire in slow:
                    wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
                    wire.sendall(get("/stream?20000"))
                for wire in slow:
                    assert wire.recv(1)  # a thread serves it
                told = running.exchange(get("/stream?20000"))
                assert told.startswith(b"HTTP/1.1 503 ")
                assert b"Retry-After: 1\r\n" in told
                assert running.exchange(get("/echo")).startswith(b"HTTP/1.1 200")
                wait_until(
                    lambda: running.exchange(get("/stream?900")).startswith(
                        b"HTTP/1.1 200"
                    ),
                    60,
                    "a thread for streams",
                )

        # A client below the minimum rate is left after two seconds.
        run_punctually(attempt, 2)
        assert "Traceback" not in running.log


def test_a_slow_reader_of_a_document_occupies_no_thread(tmp_path: Path) -> None:
    with running_worker(tmp_path, "--threads", "1") as running, ExitStack() as stack:
        readers = [stack.enter_context(running.connect()) for _ in range(8)]
        for wire in readers:
            wire.sendall(get("/document", "X-A: b") * 8)
        for _ in range(20):
            assert running.exchange(get("/echo")).startswith(b"HTTP/1.1 200")
        for wire in readers:
            rest = b""
            for _ in range(8):
                status, body, rest = read_response(wire, rest)
                assert (status, len(body)) == (200, 400_000)


def test_without_descriptors_accepting_pauses_and_does_not_spin(
    tmp_path: Path,
) -> None:
    with running_worker(tmp_path, "--worker-connections", "2000") as running:
        (pid,) = running.worker_pids()
        used = len(list(Path(f"/proc/{pid}/fd").iterdir()))
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (used + 20, used + 20))
        with ExitStack() as stack:
            for _ in range(60):
                stack.enter_context(running.connect())
            for _ in range(5):
                assert running.exchange(get("/echo")).startswith(b"HTTP/1.1 200")
        assert running.log.count("Accepting pauses") < 60
        assert "Traceback" not in running.log


def test_the_worker_serves_without_epoll(tmp_path: Path) -> None:
    with (
        running_worker(tmp_path, config=WITHOUT_EPOLL) as running,
        ExitStack() as stack,
    ):
        wires = [stack.enter_context(running.connect()) for _ in range(20)]
        for number in range(20):
            for wire in wires:
                wire.sendall(get(f"/{number}", "X-A: b"))
            for wire in wires:
                assert json.loads(read_response(wire)[1])["RAW_URI"] == f"/{number}"
        wires[0].sendall(get("/document"))
        assert len(read_response(wires[0])[1]) == 400_000


def test_a_full_disk_is_a_503(tmp_path: Path) -> None:
    with running_worker(tmp_path, config=FULL_DISK) as running:
        head = "Authorization: good", "Content-Length: 100000"
        told = running.exchange(get("/size", *head, method="POST") + b"x" * 100_000)
    assert told.startswith(b"HTTP/1.1 503 ")
    assert b"Retry-After: " in told


def test_a_named_proxy_may_say_https_and_who_has_called_it(tmp_path: Path) -> None:
    def ask(*lines: str) -> bytes:
        return running.exchange(get("/echo", "Connection: close", *lines))

    with running_worker(tmp_path, "--forwarded-allow-ips", "127.0.0.1") as running:
        for lines, scheme in (
            ((), b"http"),
            (("X-Forwarded-Proto: https",), b"https"),
            (("X-Forwarded-Proto: http",), b"http"),
        ):
            assert b'"wsgi.url_scheme": "%b"' % scheme in ask(*lines)
        told = ask("X-Forwarded-Proto: https", "X-Forwarded-Ssl: off")
        assert told.startswith(b"HTTP/1.1 400 ")
        for addresses, client in (
            ("192.0.2.1", b"192.0.2.1"),
            ("192.0.2.9, 2001:db8::1", b"2001:db8::1"),  # the last, which it has added
            ("192.0.2.9, unknown", b"127.0.0.1"),
            ("", b"127.0.0.1"),
        ):
            told = ask(f"X-Forwarded-For: {addresses}")
            assert b'"REMOTE_ADDR": "%b"' % client in told


def test_a_new_connection_sends_its_first_byte_within_three_seconds(
    tmp_path: Path,
) -> None:
    with running_worker(tmp_path) as running:
        began = time.monotonic()
        assert running.exchange(b"") == b""
        assert 2.5 < time.monotonic() - began < SOON_SECONDS
