"""The worker class behind a real gunicorn: answers, bodies, hooks and listeners."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.coupon_core.web.http_worker.worker_process import (
    APP,
    WORKER_CLASS,
    WorkerProcess,
    get,
    read_all,
    read_response,
    running_worker,
)
from tests.coupon_core.web.http_worker.wsgi_app import DOCUMENT, ROUTE_LIMIT_BYTES
from tests.support.paths import PROJECT_ROOT
from tests.support.servers.process import SOON_SECONDS, wait_until

CONFIG = """
keepalive = 1
tmp_upload_dir = "uploads"
def pre_request(worker, req):
    line = f"pre {req.method} {req.path} {req.query} {len(req.headers)}\\n"
    open("hooks", "a").write(line)
def post_request(worker, req, environ, resp):
    open("hooks", "a").write(f"post {resp.status} {resp.sent}\\n")
accesslog = "access"
access_log_format = "%(r)s %(s)s %(b)s"
"""


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WorkerProcess]:
    with running_worker(tmp_path_factory.mktemp("worker"), config=CONFIG) as running:
        yield running


def seen(answer: bytes) -> dict[str, str]:
    loaded: dict[str, str] = json.loads(answer.partition(b"\r\n\r\n")[2])
    return loaded


def test_one_recv_returns_head_and_body(worker: WorkerProcess) -> None:
    with worker.connect() as wire:
        for _ in range(1_000):
            wire.sendall(get("/echo", "X-A: b"))
            head, _, body = wire.recv(65_536).partition(b"\r\n\r\n")
            assert f"Content-Length: {len(body)}".encode() in head
            assert b"Connection: keep-alive" in head


def test_the_environment_follows_the_request(worker: WorkerProcess) -> None:
    line = "X-A: 1", "x-a:2", "SCRIPT_NAME: /nope", "X_A: 3", "Connection: close"
    told = seen(worker.exchange(get("/a%2Fb/%C3%A9?q=%20&r", *line)))
    assert told["RAW_URI"] == "/a%2Fb/%C3%A9?q=%20&r"
    assert told["PATH_INFO"] == "/a/b/\xc3\xa9"
    assert told["QUERY_STRING"] == "q=%20&r"
    assert told["SCRIPT_NAME"] == ""
    assert told["HTTP_X_A"] == "1,2"
    assert (told["REMOTE_ADDR"], told["SERVER_NAME"]) == ("127.0.0.1", "127.0.0.1")
    assert (told["SERVER_PROTOCOL"], told["wsgi.url_scheme"]) == ("HTTP/1.1", "http")
    assert "HTTP_SCRIPT_NAME" not in told


def test_only_a_named_proxy_may_say_https_and_who_has_called_it(
    worker: WorkerProcess,
) -> None:
    lines = "X-Forwarded-Proto: https", "X-Forwarded-For: 192.0.2.1"
    told = seen(worker.exchange(get("/echo", *lines, "Connection: close")))
    assert told["wsgi.url_scheme"] == "http"
    assert told["REMOTE_ADDR"] == "127.0.0.1"


@pytest.mark.parametrize("body", [b"", b"abc", b"x" * 60_000])
def test_bodies_arrive_whole(worker: WorkerProcess, body: bytes) -> None:
    plain = get("/echo", f"Content-Length: {len(body)}", "Connection: close") + body
    chunked = get("/echo", "Transfer-Encoding: chunked", "Connection: close")
    chunked += b"%x;e\r\n%b\r\n" % (len(body), body) if body else b""
    chunked += b"0\r\nX-Trailer: t\r\nHost: y\r\n\r\n"
    for data in (plain, chunked):
        told = seen(worker.exchange(data))
        assert told["body"].encode() == body
        assert told["HTTP_HOST"] == "x"
        assert "HTTP_X_TRAILER" not in told


def test_pipelined_requests_are_answered_in_order(worker: WorkerProcess) -> None:
    requests = [get(f"/{number}", "X-A: b") for number in range(99)] + [get("/99")]
    told = worker.exchange(b"".join(requests))
    paths = [part.split(b'"')[1] for part in told.split(b'"RAW_URI": ')[1:]]
    assert paths == [b"/%d" % number for number in range(100)]


@pytest.mark.parametrize(
    ("lines", "is_kept"),
    [
        (("X-A: b",), True),
        (("Connection: close",), False),
        (("Connection: close, keep-alive",), False),
        (("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c"), True),
    ],
)
def test_a_connection_is_kept_unless_the_client_closes_it(
    worker: WorkerProcess, lines: tuple[str, ...], is_kept: bool
) -> None:
    with worker.connect() as wire:
        wire.sendall(get("/echo", *lines))
        read_response(wire)
        if is_kept:
            wire.sendall(get("/echo"))
            assert read_response(wire)[0] == 200
        assert wire.recv(10) == b""


def test_http_1_0_is_kept_only_where_asked(worker: WorkerProcess) -> None:
    told = worker.exchange(get("/echo", "X-A: b", version="1.0"))
    assert told.startswith(b"HTTP/1.0 200 OK\r\n")
    with worker.connect() as wire:
        for _ in range(2):
            wire.sendall(get("/echo", "Connection: keep-alive", version="1.0"))
            assert read_response(wire)[0] == 200


def test_an_upgrade_is_ignored_and_its_body_read(worker: WorkerProcess) -> None:
    upgrade = "Connection: Upgrade", "Upgrade: websocket"
    body = get("/hidden")
    with worker.connect() as wire:
        wire.sendall(get("/echo", *upgrade, f"Content-Length: {len(body)}") + body)
        status, told, rest = read_response(wire)
        assert (status, json.loads(told)["body"].encode(), rest) == (200, body, b"")
        wire.sendall(
            get("/echo", *upgrade, "Transfer-Encoding: chunked", method="POST")
            + b"3\r\nabc\r\n0\r\n\r\n"
            + get("/next")
        )
        _, told, rest = read_response(wire)
        assert json.loads(told)["body"] == "abc"
        assert json.loads(read_response(wire, rest)[1])["RAW_URI"] == "/next"


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (get("x:1", method="CONNECT"), 405),
        (get("/", method="FOO"), 501),
        (get("/", method="foo"), 400),
        (get("/", "Expect: a teapot", "Content-Length: 1"), 417),
        (get("/" + "a" * 5_000), 414),
        (get("/", "X-A: " + "b" * 9_000), 431),
        (get("/", *["X-A: b"] * 200), 431),
        (get("/", version="1.2"), 400),
        (b"\x16\x03\x01\x02\x00\x01\r\n\r\n", 400),
    ],
)
def test_refusals_are_json(worker: WorkerProcess, data: bytes, status: int) -> None:
    told = worker.exchange(data)
    assert told.startswith(b"HTTP/1.1 %d " % status)
    assert {"code", "error", "request_id"} <= seen(told).keys()
    assert b"Connection: close" in told


def test_answers_without_a_body_have_none(worker: WorkerProcess) -> None:
    for data in (
        get("/empty?204"),
        get("/empty?304"),
        get("/document", "Connection: close", method="HEAD"),
        get("/stream?900", "Connection: close", method="HEAD"),
    ):
        head, _, body = worker.exchange(data).partition(b"\r\n\r\n")
        assert body == b""
        assert (b"Content-Length" in head) == (b"document" in data or b"304" in data)


def test_large_and_streamed_answers_arrive_whole(worker: WorkerProcess) -> None:
    with worker.connect() as wire:
        for _ in range(3):
            wire.sendall(get("/document", "X-A: b"))
            assert read_response(wire)[1] == DOCUMENT
    connection = http.client.HTTPConnection("127.0.0.1", worker.port, timeout=60)
    for _ in range(2):
        connection.request("GET", "/stream?2000")
        answer = connection.getresponse()
        assert answer.getheader("Transfer-Encoding") == "chunked"
        assert answer.read() == b"x" * 2_048_000
    connection.close()
    told = worker.exchange(get("/stream?500", "X-A: b", version="1.0"))
    assert told.partition(b"\r\n\r\n")[2] == b"x" * 512_000
    small = worker.exchange(get("/stream?3"))
    assert b"Content-Length: 3072\r\n" in small


def test_files_writes_and_close_are_supported(
    worker: WorkerProcess, tmp_path: Path
) -> None:
    assert b"A WSGI application" in worker.exchange(get("/file"))
    assert worker.exchange(get("/written")).endswith(b"\r\n\r\nabc")
    assert worker.exchange(get(f"/closing?{tmp_path}/trace")).endswith(b"x")
    wait_until((tmp_path / "trace").exists, 60, "the trace of close")
    wait_until((tmp_path / "trace").read_text, 60, "its text")
    assert (tmp_path / "trace").read_text() == "closed\n"


def test_failures_of_the_application_end_no_thread(worker: WorkerProcess) -> None:
    for _ in range(6):
        for path in ("/fail", "/leave", "/inject"):
            told = worker.exchange(get(path))
            assert told.startswith(b"HTTP/1.1 500 "), told
            assert b"secret" not in told
            assert b"Evil" not in told
        assert not worker.exchange(get("/fail/late")).endswith(b"0\r\n\r\n")
    assert worker.exchange(get("/echo")).startswith(b"HTTP/1.1 200")


def test_a_half_closed_client_gets_its_answer(worker: WorkerProcess) -> None:
    with worker.connect() as wire:
        wire.sendall(get("/slow?0.2", "X-A: b"))
        wire.shutdown(socket.SHUT_WR)
        assert read_all(wire).endswith(b"done")


def test_continue_is_sent_when_the_body_is_wanted(worker: WorkerProcess) -> None:
    with worker.connect() as wire:
        wire.sendall(get("/echo", "Expect: 100-continue", "Content-Length: 3"))
        assert wire.recv(99) == b"HTTP/1.1 100 Continue\r\n\r\n"
        wire.sendall(b"abc")
        assert json.loads(read_response(wire)[1])["body"] == "abc"


# ------------------------------------------------------------- large bodies


def post(size: int, credential: str, *lines: str) -> bytes:
    head = f"Authorization: {credential}", f"Content-Length: {size}"
    return get("/size", *head, *lines, method="POST")


def test_a_large_body_is_asked_for_only_with_a_credential(
    worker: WorkerProcess,
) -> None:
    told = worker.exchange(post(500_000, "bad", "Expect: 100-continue"))
    assert told.startswith(b"HTTP/1.1 401")
    with worker.connect() as wire:
        wire.sendall(post(500_000, "good", "Expect: 100-continue"))
        assert wire.recv(99) == b"HTTP/1.1 100 Continue\r\n\r\n"
        wire.sendall(b"x" * 500_000 + get("/next"))
        status, body, rest = read_response(wire)
        assert (status, body) == (200, b"500000")
        assert json.loads(read_response(wire, rest)[1])["RAW_URI"] == "/next"
    assert list((worker.home / "uploads").iterdir()) == []
    assert (worker.home / "uploads").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("extra", [0, 1, 100_000])
def test_a_large_chunked_body_is_read_up_to_the_limit_of_its_route(
    worker: WorkerProcess, extra: int
) -> None:
    size = ROUTE_LIMIT_BYTES + extra
    head = get(
        "/size", "Authorization: good", "Transfer-Encoding: chunked", method="POST"
    )
    chunk = b"2710\r\n" + b"x" * 10_000 + b"\r\n"
    data = head + chunk * (size // 10_000) + b"1\r\nx\r\n" * (size % 10_000)
    with worker.connect() as wire:
        wire.sendall(data + b"0\r\n\r\n")
        status, body, _ = read_response(wire)
    assert (status, body) == (
        (200, b"1000000") if not extra else (413, b"%d" % (ROUTE_LIMIT_BYTES + 1))
    )


def test_a_large_body_that_stops_is_408(worker: WorkerProcess) -> None:
    told = worker.exchange(post(900_000, "good") + b"x" * 100_000, timeout=SOON_SECONDS)
    assert told.startswith(b"HTTP/1.1 408")


# ------------------------------------------------- hooks, logs and listeners


def test_hooks_and_access_log_see_each_request(worker: WorkerProcess) -> None:
    worker.exchange(get("/empty?200", "X-Hook: 1", "Connection: close"))
    for name, line in (
        ("hooks", "pre GET /empty 200 3\npost 200 X 3\n"),
        ("access", "GET /empty?200 HTTP/1.1 200 3"),
    ):
        file = worker.home / name
        wait_until(lambda file=file, line=line: line in file.read_text(), 60, line)


def test_unix_and_ipv6_listeners(tmp_path: Path) -> None:
    with running_worker(tmp_path, bind=f"unix:{tmp_path}/socket") as running:
        with socket.socket(socket.AF_UNIX) as wire:
            wire.settimeout(60)
            wire.connect(str(tmp_path / "socket"))
            wire.sendall(get("/echo"))
            assert seen(read_all(wire))["REMOTE_ADDR"] == ""
        port = running.port
    with (
        running_worker(tmp_path, bind=f"[::1]:{port}"),
        socket.create_connection(("::1", port), 60) as wire,
    ):
        wire.sendall(get("/echo"))
        assert seen(read_all(wire))["REMOTE_ADDR"] == "::1"


def test_keepalive_zero_closes_after_each_answer(tmp_path: Path) -> None:
    with running_worker(tmp_path, "--keep-alive", "0") as running:
        assert b"Connection: close" in running.exchange(get("/echo", "X-A: b"))


REFUSED = {
    "--certfile=x --keyfile=x": "terminate TLS",
    "--proxy-protocol=v1": "proxy_protocol is not supported",
    "--forwarder-headers=SCRIPT_NAME": "forwarded_allow_ips",
    "--http2-cleartext=both": "HTTP/2",
    "--threads=0": "threads = 0",
}


@pytest.mark.parametrize(("options", "sentence"), REFUSED.items())
def test_what_is_not_supported_is_refused_at_start(
    tmp_path: Path, options: str, sentence: str
) -> None:
    (tmp_path / "x").write_text("")
    command = [
        sys.executable,
        "-m",
        "gunicorn",
        "-k",
        WORKER_CLASS,
        "--no-control-socket",
    ]
    done = subprocess.run(
        [*command, "-b", "127.0.0.1:0", *options.split(), APP],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(PROJECT_ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode != 0
    assert sentence in done.stderr
