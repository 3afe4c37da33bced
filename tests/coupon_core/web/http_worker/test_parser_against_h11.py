"""What we serve, h11 reads as the same requests; we may refuse more.

Random streams, split at random, go to our parser and to h11. `--model-examples 500`
sends five times as many.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from random import Random

import h11
import pytest

from coupon_core.web.http_worker.limits import RequestLimits
from coupon_core.web.http_worker.request_parser import RequestParser
from tests.coupon_core.web.http_worker.stream_generator import (
    ALL_KINDS,
    GeneratedRequest,
    generate_request,
    generate_stream,
    mutate,
    split_randomly,
)

LIMITS = RequestLimits(4_094, 64, 8_190)
STREAMS, STREAMS_PER_MODEL_EXAMPLE = 4_000, 40

pytestmark = pytest.mark.slow

# Kinds of requests that we refuse although h11 accepts them.
STRICTER_THAN_H11 = frozenset(
    {
        "CONNECT",  # 405
        "unknown method",  # 501
        "lower case method",
        "http/0.9",
        "http/1.2",
        "http/2.0",
        "bare LF",
        "one bare LF",
        "folded header",
        "folded host",
        "host that is none",
        "list of hosts",
        "absolute target, other host",
        "absolute target, other scheme",
        "both lengths",
        "two equal lengths",
        "list of equal lengths",
        "length of 19 digits",
        "chunked in http/1.0",
        "blank after a chunk size",
        "control character",
        "target that is no path",
        "trailers with a length",
        "two content types",
        "other expectation",  # 417
    }
)


@dataclass(frozen=True)
class SeenRequest:
    """A request as a parser has read it."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


def read_with_ours(pieces: list[bytes]) -> tuple[list[SeenRequest], int | None]:
    parser, seen = RequestParser(LIMITS), []
    for piece in pieces:
        parser.feed(piece)
        while request := parser.next_request():
            seen.append(
                SeenRequest(
                    request.method,
                    request.uri,
                    tuple(normalize(*pair) for pair in request.headers),
                    request.take_body(),
                )
            )
    parser.feed_eof()
    return seen, parser.refusal


def normalize(name: str, value: str) -> tuple[str, str]:
    """As h11 reports a header."""
    if name == "TRANSFER-ENCODING":
        value = value.lower()
    return name.lower(), value.rstrip(" \t")


def read_with_h11(data: bytes) -> tuple[list[SeenRequest], str]:
    """All requests up to an error or the end; h11 skips no empty lines before one."""
    seen: list[SeenRequest] = []
    while data.startswith(b"\r\n"):
        data = data[2:]
    while data:
        connection = h11.Connection(h11.SERVER, max_incomplete_event_size=70_000)
        connection.receive_data(data)
        try:
            request = read_one(connection)
        except h11.RemoteProtocolError as error:
            return seen, str(error)
        if request is None:
            return seen, "incomplete"
        seen.append(request)
        if is_last(request, connection):
            break
        data = connection.trailing_data[0]
        while data.startswith(b"\r\n"):
            data = data[2:]
    return seen, ""


def read_one(connection: h11.Connection) -> SeenRequest | None:
    head, body = None, b""
    while True:
        event = connection.next_event()
        if isinstance(event, h11.Request):
            head = event
        elif isinstance(event, h11.Data):
            body += bytes(event.data)
        elif isinstance(event, h11.EndOfMessage):
            assert head is not None
            return SeenRequest(
                head.method.decode(),
                head.target.decode(),
                tuple(
                    (n.decode("latin-1"), v.decode("latin-1")) for n, v in head.headers
                ),
                body,
            )
        else:
            return None


def is_long_chunk_size(error: str) -> bool:
    """h11 limits the digits of a chunk size, llhttp its value; the reading agrees."""
    return re.match(r"illegal chunk header: .*'0{5,}[0-9a-fA-F]{16}", error) is not None


def is_last(request: SeenRequest, connection: h11.Connection) -> bool:
    """h11 closes after HTTP/1.0 also where `Connection: keep-alive` was asked for."""
    asked = ",".join(v.lower() for n, v in request.headers if n == "connection")
    tokens = {token.strip() for token in asked.split(",")}
    if connection.their_http_version == b"1.0":
        return "close" in tokens or "keep-alive" not in tokens
    return "close" in tokens


def check_agreement(pieces: list[bytes]) -> tuple[list[SeenRequest], int | None]:
    """All that we serve is what h11 reads, in the same order."""
    ours, refusal = read_with_ours(pieces)
    theirs, error = read_with_h11(b"".join(pieces))
    if is_long_chunk_size(error):
        return ours, refusal
    assert ours == theirs[: len(ours)], b"".join(pieces)
    return ours, refusal


@pytest.fixture
def stream_count(pytestconfig: pytest.Config) -> int:
    """Return the number of streams of a test."""
    examples = pytestconfig.getoption("model_examples")
    return examples * STREAMS_PER_MODEL_EXAMPLE if examples else STREAMS


def test_what_we_serve_h11_reads_as_the_same_requests(stream_count: int) -> None:
    random = Random(11)
    for _ in range(stream_count):
        requests = generate_stream(random)
        data = b"".join(one.data for one in requests)
        check_agreement(split_randomly(random, data))


def test_changed_bytes_are_read_as_h11_reads_them_or_refused(stream_count: int) -> None:
    random = Random(12)
    for _ in range(stream_count):
        data = b"".join(one.data for one in generate_stream(random))
        check_agreement(split_randomly(random, mutate(random, data)))


@pytest.mark.parametrize("kind", ALL_KINDS)
def test_only_listed_kinds_are_refused_although_h11_accepts_them(kind: str) -> None:
    random, stricter = Random(kind), 0
    for _ in range(60):
        one: GeneratedRequest = generate_request(random, kind)
        ours, _ = check_agreement(split_randomly(random, one.data))
        theirs, _ = read_with_h11(one.data)
        stricter += len(ours) < len(theirs)
    assert (stricter > 0) == (kind in STRICTER_THAN_H11)
