"""Answers that are too large or too slow: how much memory and time a call may take."""

from __future__ import annotations

import gzip
import pickle
import socket
import ssl
import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from coupons_sdk import (
    AnswerTooLarge,
    ConfigurationError,
    ConnectionTimeout,
    Coupons,
    LogEntry,
    UnexpectedAnswer,
)
from coupons_sdk.options import DEFAULT_MAX_ANSWER_BYTES
from coupons_sdk.uploads import CHUNK_BYTES, Upload
from tests.sdk.clients import (
    BOTH,
    BOTH_ADMIN,
    COUPON,
    HMAC,
    Run,
    run_async,
    run_sync,
)
from tests.sdk.scripted_server import Act, answer, scripted_server
from tests.support.certificates import create_certificate
from tests.support.servers.process import SOON_SECONDS

MIB = 2**20
HEADERS = b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n"
ERROR_HEADERS = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 900\r\n\r\n"


def answer_compressed(status: int, content: bytes) -> Act:
    """Answer with what is small only on its way."""
    data = gzip.compress(content, 1)
    head = (
        f"HTTP/1.1 {status} Status\r\nContent-Encoding: gzip\r\n"
        f"Content-Length: {len(data)}\r\nConnection: close\r\n\r\n"
    )
    return lambda connection: connection.sendall(head.encode() + data)


@pytest.fixture(scope="module")
def bomb() -> bytes:
    """Return 60 MB that are 270 KB compressed."""
    return b'{"coupons": "' + bytes(60 * MIB)


def redeem(client: Any) -> Any:
    return client.redeem("SAVE10", "ann")


def measure_peak(use: Callable[[], object]) -> int:
    """Return the bytes that were in use at one time."""
    tracemalloc.start()
    try:
        use()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


# ------------------------------------------------------------------------- size


@BOTH
@pytest.mark.parametrize("status", [200, 400, 503])
def test_an_answer_that_is_too_large_is_refused_before_it_fills_the_memory(
    run: Run, status: int, bomb: bytes
) -> None:
    entries: list[LogEntry] = []

    def call() -> None:
        with pytest.raises(AnswerTooLarge) as raised:
            run(server.url, redeem, log=entries.append)
        error = raised.value
        assert (error.status, error.limit) == (status, DEFAULT_MAX_ANSWER_BYTES)
        assert error.limit < error.size < error.limit + 2 * MIB
        assert f"{error.size:,} bytes" in str(error)
        assert f"{error.limit:,} (max_answer_bytes)" in str(error)
        assert (entries[-1].error, entries[-1].status) == (error, status)

    with scripted_server(answer_compressed(status, bomb)) as server:
        peak = measure_peak(call)
    assert len(entries) == 1
    assert peak < DEFAULT_MAX_ANSWER_BYTES + 6 * MIB


@BOTH
def test_the_limit_is_an_option_and_what_has_its_size_is_read(run: Run) -> None:
    with scripted_server(answer(200, COUPON)) as server:
        size = len(str(COUPON).replace("None", "null"))
        assert run(server.url, redeem, max_answer_bytes=size).id == COUPON["id"]
        with pytest.raises(AnswerTooLarge) as raised:
            run(
                server.url,
                lambda client: redeem(client.with_options(max_answer_bytes=size - 1)),
            )
    assert isinstance(raised.value, UnexpectedAnswer)
    copy = pickle.loads(pickle.dumps(raised.value))  # noqa: S301 - our own
    assert (str(copy), vars(copy)) == (str(raised.value), vars(raised.value))
    with pytest.raises(ConfigurationError, match="max_answer_bytes"):
        run_sync("http://127.0.0.1:9", redeem, max_answer_bytes=0)


def list_rows(client: Any) -> Any:
    rows = client.codes.export().rows()
    if isinstance(rows, Iterator):
        return list(rows)
    return collect(rows)


async def collect(rows: Any) -> list[dict[str, str]]:
    return [row async for row in rows]


@BOTH_ADMIN
def test_a_file_may_have_any_size_because_it_is_never_in_memory(run: Run) -> None:
    row = b"SAVE10,%s\n" % (b"a" * 100_000)
    file = b"code,user_id\n" + row * 400
    found: list[int] = []

    def call() -> None:
        with scripted_server(answer_compressed(200, file)) as server:
            found.append(run(server.url, count_rows, max_answer_bytes=MIB))

    assert measure_peak(call) < 12 * MIB
    assert found == [400]


def count_rows(client: Any) -> Any:
    rows = client.codes.export().rows()
    if isinstance(rows, Iterator):
        return sum(1 for _ in rows)
    return count_later(rows)


async def count_later(rows: Any) -> int:
    count = 0
    async for _ in rows:
        count += 1
    return count


@BOTH_ADMIN
@pytest.mark.parametrize(
    "file",
    [b"code\n" + b"a" * 8 * MIB, b'code\n"' + b"ab cd\n" * MIB],
    ids=["line", "quoted"],
)
def test_a_row_that_does_not_end_is_refused(run: Run, file: bytes) -> None:
    def call() -> None:
        with (
            scripted_server(answer_compressed(200, file)) as server,
            pytest.raises(AnswerTooLarge, match=r"A row .* \(max_answer_bytes\)"),
        ):
            run(server.url, list_rows, max_answer_bytes=MIB // 2)

    assert measure_peak(call) < 24 * MIB


@BOTH_ADMIN
@pytest.mark.parametrize(
    "file",
    ["code,user\nSAVE10\n", "code\n\udcff\n", 'code\n"A', "code\n" + "a" * 200_000],
    ids=["columns", "encoding", "quote", "field"],
)
def test_a_file_that_is_no_csv_is_an_unexpected_answer(run: Run, file: str) -> None:
    content = file.encode(errors="surrogateescape")
    with (
        scripted_server(answer_compressed(200, content)) as server,
        pytest.raises(UnexpectedAnswer, match=r"GET /v1/.* cannot be read"),
    ):
        run(server.url, list_rows)


# ------------------------------------------------------------------------- time


def drip(data: bytes, seconds: float = 0.03) -> Act:
    """Send a byte now and then, as long as the client waits."""

    def act(connection: socket.socket) -> None:
        for number in range(len(data)):
            connection.sendall(data[number : number + 1])
            time.sleep(seconds)

    return act


def send_then_drip(head: bytes) -> Act:
    """Send the head of an answer, and its body byte by byte."""

    def act(connection: socket.socket) -> None:
        connection.sendall(head)
        drip(b"x" * 900)(connection)

    return act


@BOTH
@pytest.mark.parametrize(
    "act",
    [drip(HEADERS * 20), send_then_drip(HEADERS), send_then_drip(ERROR_HEADERS)],
    ids=["headers", "body", "error"],
)
def test_a_try_ends_after_its_seconds_however_often_a_byte_arrives(
    run: Run, act: Act
) -> None:
    with scripted_server(act) as server:
        url, started_at = server.url, time.monotonic()
        with pytest.raises(ConnectionTimeout) as raised:
            run(url, redeem, timeout=0.1, max_retries=0)
    assert 0.1 <= time.monotonic() - started_at < SOON_SECONDS
    assert str(raised.value) == (
        f"No answer from {url} to POST /v1/coupons/acme/redeem/SA***: it was not "
        "complete within 0.1 seconds (timeout)."
    )
    assert raised.value.is_outcome_unknown


def test_a_transport_of_httpx2_with_tls_keeps_to_the_seconds(tmp_path: Path) -> None:
    certificate = create_certificate(tmp_path, "localhost")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    trusted = ssl.create_default_context(cafile=certificate)
    with scripted_server(
        answer(200, COUPON), send_then_drip(HEADERS), context=context
    ) as server:
        url = server.url.replace("127.0.0.1", "localhost")
        transport = httpx2.HTTPTransport(verify=trusted)
        options: dict[str, Any] = {"timeout": 0.2, "max_retries": 0}
        with Coupons(url, HMAC, transport=transport, **options) as client:
            assert redeem(client.with_options(timeout=9)).code == "SAVE10"
            with pytest.raises(ConnectionTimeout):
                redeem(client)


def test_many_clients_may_share_a_transport_of_httpx2() -> None:
    transport = httpx2.HTTPTransport()
    with scripted_server(answer(200, COUPON)) as server, transport:
        for _ in range(1_100):
            client = Coupons(server.url, HMAC, transport=transport)
        assert redeem(client).code == "SAVE10"


def test_a_handshake_that_does_not_end_has_reached_nobody() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"https://127.0.0.1:{listener.getsockname()[1]}"
        for run in run_sync, run_async:
            with pytest.raises(ConnectionTimeout) as raised:
                run(url, redeem, timeout=0.05, max_retries=0)
            assert "there was no connection within 0.05" in str(raised.value)
            assert not raised.value.is_outcome_unknown


def send_slowly(connection: socket.socket) -> None:
    """Send the parts of a file, which take longer together than a part may."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 35\r\n\r\n")
    for _ in range(7):
        time.sleep(0.05)
        connection.sendall(b"code\n")


@BOTH_ADMIN
def test_each_part_of_a_download_may_take_the_seconds(run: Run) -> None:
    with scripted_server(send_slowly) as server:
        assert len(run(server.url, list_rows, timeout=0.2)) == 6


@BOTH_ADMIN
def test_a_download_that_stalls_ends(run: Run) -> None:
    def stall(connection: socket.socket) -> None:
        connection.sendall(HEADERS + b"code\n")
        time.sleep(0.4)

    with (
        scripted_server(stall) as server,
        pytest.raises(ConnectionTimeout, match=r"no further part .* 0\.1 seconds"),
    ):
        run(server.url, list_rows, timeout=0.1)


@BOTH_ADMIN
def test_each_part_of_an_upload_may_take_the_seconds(run: Run) -> None:
    def generate_slowly() -> Iterator[bytes]:
        for _ in range(7):
            time.sleep(0.05)
            yield b"code\n"

    def use(client: Any) -> Any:
        return client.codes.import_csv("d1", generate_slowly())

    with (
        scripted_server(answer(201, {})) as server,
        pytest.raises(UnexpectedAnswer, match="not a CodeImport"),
    ):
        run(server.url, use, timeout=0.2)


@pytest.mark.parametrize(
    "source", ["a" * 200_000, b"a" * 200_000], ids=["str", "bytes"]
)
def test_text_is_sent_in_parts_as_files_are(source: str | bytes) -> None:
    sizes = [len(part) for part in Upload(source).open()]
    assert (max(sizes), sum(sizes)) == (CHUNK_BYTES, 200_000)
