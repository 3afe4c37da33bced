"""Clients that do not behave: they delay only themselves.

Over raw sockets to both gateways, which have far fewer threads than such clients and
lose patience after two seconds instead of thirty.
"""

from __future__ import annotations

import http.client
import re
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from statistics import median

import pytest

from tests.support.database_rows import read_all_rows
from tests.support.raw_http import (
    CHUNKED_ENCODING,
    CONTENT_LENGTH,
    Target,
    raw_target,
)
from tests.support.servers.gunicorn import Gateway
from tests.support.servers.process import SOON_SECONDS

pytestmark = pytest.mark.slow
CLIENTS = 12
EACH, THREADS = 3, 2
UNHARMED = 1.0  # seconds in which others are served: far less than any patience


@pytest.fixture(scope="module", params=["query", "admin"])
def target(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Target]:
    home, hasty = tmp_path_factory.mktemp("slow"), ("--keep-alive", "1")
    with raw_target(request.param, home, *hasty, threads=THREADS) as running:
        yield running


@dataclass(frozen=True)
class Slow:
    """What a client sends at first, what then every moment, and what it may hear."""

    first: Callable[[Target], bytes]
    then: bytes = b""
    hears: tuple[int, ...] = ()  # or nothing: the connection is closed


def headed(*lines: bytes, body: bytes = b"") -> Callable[[Target], bytes]:
    return lambda target: target.build_head(*lines) + body


def uncredited(*lines: bytes) -> Callable[[Target], bytes]:
    """As anyone could send it."""
    return lambda target: re.sub(
        rb"(?m)^(Auth|X-API).*\n", b"", target.build_head(*lines)
    )


SLOW: dict[str, Slow] = {
    "nothing": Slow(lambda _: b""),
    "half a first line": Slow(lambda _: b"POST /v1/x", b"", (408,)),
    "a path letter by letter": Slow(lambda _: b"GET /", b"a", (408,)),
    "half a head": Slow(lambda target: target.build_head()[:-2], b"", (408,)),
    "a head without an end": Slow(
        lambda target: target.build_head()[:-2], b"X", (408,)
    ),
    "header after header": Slow(
        lambda target: target.build_head()[:-2], b"X-A: b\r\n" * 2_000, (408, 431)
    ),
    "no body": Slow(headed(CONTENT_LENGTH + b"17"), b"", (408,)),
    "less than announced": Slow(headed(CONTENT_LENGTH + b"17", body=b"{"), b"", (408,)),
    "a body byte by byte": Slow(headed(CONTENT_LENGTH + b"60000"), b" ", (408,)),
    "a promise": Slow(
        headed(CONTENT_LENGTH + b"9", b"Expect: 100-continue"), b"", (100, 408)
    ),
    "no chunk": Slow(headed(CHUNKED_ENCODING), b"", (408,)),
    "half a chunk": Slow(headed(CHUNKED_ENCODING, body=b"f\r\n{"), b"", (408,)),
    "chunks without an end": Slow(headed(CHUNKED_ENCODING), b"1\r\n \r\n", (408,)),
    "an endless size": Slow(headed(CHUNKED_ENCODING), b"0", (408,)),
    "an endless extension": Slow(
        headed(CHUNKED_ENCODING, body=b"1;"), b"x" * 999, (400, 408)
    ),
    "big chunks without an end": Slow(
        headed(CHUNKED_ENCODING), b"4000\r\n" + b" " * 0x4000 + b"\r\n", (408, 413)
    ),
    "an endless trailer": Slow(
        headed(CHUNKED_ENCODING, body=b"0\r\n"), b"X-A: b\r\n", (408,)
    ),
    "far too much announced": Slow(
        headed(CONTENT_LENGTH + b"99999999999"), b"", (413,)
    ),
    "the same by anyone": Slow(
        uncredited(CONTENT_LENGTH + b"99999999999"), b" ", (401,)
    ),
    "chunks by anyone": Slow(uncredited(CHUNKED_ENCODING), b"1\r\n \r\n", (401, 408)),
}


@dataclass
class Client:
    """One connection, as far as it has come."""

    slow: Slow
    wire: socket.socket
    told: bytes = b""
    is_open: bool = True

    def trickle(self) -> None:
        try:
            self.wire.send(self.slow.then)
            piece = self.wire.recv(65_536)
            self.told, self.is_open = self.told + piece, piece != b""
        except BlockingIOError:
            pass
        except OSError:
            self.is_open = False


def test_slow_clients_are_refused_in_time_and_harm_no_others(target: Target) -> None:
    with ExitStack() as stack:
        clients = {name: begun(target, one, stack) for name, one in SLOW.items()}
        still = [one for some in clients.values() for one in some]
        began, waits = time.monotonic(), []
        while still and time.monotonic() - began < SOON_SECONDS:
            waits.append(measure_health(target.gateway))
            for one in still:
                one.trickle()
            still = [one for one in still if one.is_open]
        assert [one.slow.first(target) for one in still] == []
        assert median(waits) < UNHARMED
        for name, some in clients.items():
            check_told(name, some)
    assert read_all_rows() == target.rows_before


def begun(target: Target, slow: Slow, stack: ExitStack) -> list[Client]:
    clients = []
    for _ in range(EACH):
        wire = stack.enter_context(target.connect())
        wire.sendall(slow.first(target))
        wire.setblocking(False)
        clients.append(Client(slow, wire))
    return clients


def measure_health(gateway: Gateway) -> float:
    before = time.monotonic()
    assert health(gateway) == 200
    return time.monotonic() - before


def check_told(name: str, clients: list[Client]) -> None:
    for one in clients:
        statuses = {int(n) for n in re.findall(rb"HTTP/1\.1 (\d{3}) ", one.told)}
        assert statuses <= {*one.slow.hears}, (name, one.told)
        assert b"<" not in one.told


def test_clients_that_never_close_do_not_hold_up_others(target: Target) -> None:
    with ExitStack() as all_:
        began = time.monotonic()
        for _ in range(CLIENTS):
            client = all_.enter_context(target.connect())
            client.sendall(
                b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
            )
            assert client.recv(12) == b"HTTP/1.1 200"
        assert health(target.gateway) == 200
        # gunicorn alone would linger two seconds for each of them, one by one.
        assert time.monotonic() - began < SOON_SECONDS < 2 * CLIENTS


def test_clients_that_take_no_answer_are_left(target: Target) -> None:
    with ExitStack() as stack:
        for _ in range(THREADS):
            stack.enter_context(deaf(target.gateway))
        began = time.monotonic()
        for _ in range(20):  # until the way to all of them is full
            assert health(target.gateway) == 200
            time.sleep(0.02)
        assert time.monotonic() - began < SOON_SECONDS


def deaf(gateway: Gateway) -> socket.socket:
    """A client who asks for more than fits on the way, and reads nothing of it."""
    wire = socket.socket()
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
    wire.connect((gateway.host, gateway.port))
    wire.sendall(b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n" * 50)
    return wire


def test_a_request_in_many_pieces_is_served(target: Target) -> None:
    request = target.build_head(
        b"Expect: 100-continue", CONTENT_LENGTH + b"%d" % len(target.body)
    )
    with target.connect() as wire:
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for at in range(0, len(request), 99):
            wire.sendall(request[at : at + 99])
            time.sleep(0.001)
        assert wire.recv(25) == b"HTTP/1.1 100 Continue\r\n\r\n"
        for at in range(len(target.body)):
            wire.sendall(target.body[at : at + 1])
        told = wire.recv(65_536)
        while told.endswith(b" Continue\r\n\r\n"):  # gunicorn says it once more
            told = wire.recv(65_536)
    assert re.search(rb"HTTP/1.1 20[01] ", told), told


def health(gateway: Gateway) -> int:
    connection = http.client.HTTPConnection(gateway.host, gateway.port, timeout=60)
    connection.request("GET", "/health")
    status = connection.getresponse().status
    connection.close()
    return status
