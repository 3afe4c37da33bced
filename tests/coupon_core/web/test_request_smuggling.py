"""Bytes that two servers could read as different requests: none reaches a route twice.

Over raw sockets to both gateways as they run in production; a client library would
tidy up what is sent.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator

import pytest

from tests.support.database_rows import read_all_rows
from tests.support.raw_http import (
    CHUNKED_ENCODING,
    CONTENT_LENGTH,
    RESPONSE_TIMEOUT_SECONDS,
    Target,
    encode_chunked,
    raw_target,
)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", params=["query", "admin"])
def target(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Target]:
    with raw_target(request.param, tmp_path_factory.mktemp("smuggling")) as running:
        yield running


# Lines of the head, and what follows it: {} is the body, [] the body in chunks.
TRICKS: dict[str, tuple[list[bytes], bytes]] = {
    "both lengths": ([CONTENT_LENGTH + b"4", CHUNKED_ENCODING], b"[]"),
    "both, the other way round": ([CHUNKED_ENCODING, CONTENT_LENGTH + b"4"], b"[]"),
    "two lengths": ([CONTENT_LENGTH + b"0", CONTENT_LENGTH + b"#"], b"{}"),
    "a list of lengths": ([CONTENT_LENGTH + b"#, #"], b"{}"),
    "a signed length": ([CONTENT_LENGTH + b"+#"], b"{}"),
    "a negative length": ([CONTENT_LENGTH + b"-1"], b"{}"),
    "a hexadecimal length": ([CONTENT_LENGTH + b"0x11"], b"{}"),
    "a length with _": ([CONTENT_LENGTH + b"1_7"], b"{}"),
    "a folded header": ([CONTENT_LENGTH + b"#", b"X-A: b", b" Host: evil"], b"{}"),
    "a blank before the colon": ([b"Content-Length : #"], b"{}"),
    "an unknown coding": ([b"Transfer-Encoding: xchunked"], b"[]"),
    "two codings": ([b"Transfer-Encoding: chunked, identity"], b"[]"),
    "chunked twice": ([CHUNKED_ENCODING, CHUNKED_ENCODING], b"[]"),
    "a coding behind a tab": ([b"Transfer-Encoding:\x0bchunked"], b"[]"),
    "a bad chunk size": ([CHUNKED_ENCODING], b"zz\r\n{}\r\n0\r\n\r\n"),
    "a signed chunk size": ([CHUNKED_ENCODING], b"+11\r\n{}\r\n0\r\n\r\n"),
    "a chunk size with _": ([CHUNKED_ENCODING], b"1_1\r\n{}\r\n0\r\n\r\n"),
    "a huge chunk size": ([CHUNKED_ENCODING], b"f" * 400 + b"\r\n{}\r\n0\r\n\r\n"),
    "a chunk longer than announced": ([CHUNKED_ENCODING], b"1\r\n{}\r\n0\r\n\r\n"),
    "chunks without an end": ([CHUNKED_ENCODING], b"11\r\n{}\r\n"),
    "NUL in a header": ([CONTENT_LENGTH + b"#", b"X-A: a\x00b"], b"{}"),
    "CR in a header": ([CONTENT_LENGTH + b"#", b"X-A: a\rX-B: b"], b"{}"),
    "no name": ([CONTENT_LENGTH + b"#", b": b"], b"{}"),
    "no colon": ([CONTENT_LENGTH + b"#", b"X-A"], b"{}"),
    "many headers": (
        [CONTENT_LENGTH + b"#", *[b"X-%d: a" % n for n in range(200)]],
        b"{}",
    ),
    "a huge header": ([CONTENT_LENGTH + b"#", b"X-A: " + b"a" * 70_000], b"{}"),
}


@pytest.mark.parametrize(("lines", "tail"), TRICKS.values(), ids=TRICKS)
def test_a_request_with_two_readings_is_refused_once(
    target: Target, lines: list[bytes], tail: bytes
) -> None:
    size = b"%d" % len(target.body)
    head = target.build_head(*(line.replace(b"#", size) for line in lines))
    rest = tail.replace(b"{}", target.body).replace(b"[]", encode_chunked(target.body))
    hidden = target.build_head(CONTENT_LENGTH + size) + target.body
    began = time.monotonic()
    told = target.send(head + rest + hidden)
    assert time.monotonic() - began < RESPONSE_TIMEOUT_SECONDS
    check_refused_once(told)
    assert read_all_rows() == target.rows_before


def check_refused_once(told: bytes) -> None:
    """One answer, a 4xx or 501 in JSON that says why; nothing after it."""
    statuses = [int(one) for one in re.findall(rb"HTTP/1\.[01] (\d{3}) ", told)]
    assert len(statuses) == 1, told[:600]
    assert statuses[0] in (400, 408, 413, 414, 415, 431, 501), told[:300]
    body = json.loads(told.partition(b"\r\n\r\n")[2])
    assert body["error"]
    assert body["code"]


FIRST_LINES = {
    "no version": b"POST /v1/x\r\n\r\n",
    "a version of the future": b"POST /v1/x HTTP/9.9\r\nHost: x\r\n\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "two blanks": b"GET  /health HTTP/1.1\r\nHost: x\r\n\r\n",
    "a tab": b"GET\t/health\tHTTP/1.1\r\nHost: x\r\n\r\n",
    "an authority": b"CONNECT evil.example:443 HTTP/1.1\r\nHost: x\r\n\r\n",
    "a star": b"GET * HTTP/1.1\r\nHost: x\r\n\r\n",
    "a method in small letters": b"get /v1/x HTTP/1.1\r\nHost: x\r\n\r\n",
    "a method with a colon": b"GE:T /v1/x HTTP/1.1\r\nHost: x\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    "a long target": b"GET /" + b"a" * 9_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
}


@pytest.mark.parametrize("data", FIRST_LINES.values(), ids=FIRST_LINES)
def test_a_first_line_that_is_none_is_refused(target: Target, data: bytes) -> None:
    told = target.send(data)
    status = re.match(rb"HTTP/1\.[01] (\d{3}) ", told)
    assert status is None or status[1] in (b"400", b"401", b"404", b"405", b"414")
    assert b"<" not in told
    assert read_all_rows() == target.rows_before


def test_the_same_request_without_tricks_is_served(target: Target) -> None:
    head = target.build_head(CONTENT_LENGTH + b"%d" % len(target.body))
    told = target.send(head + target.body)
    assert re.match(rb"HTTP/1.1 20[01] ", told), told
    assert read_all_rows() != target.rows_before
