"""What an unfinished request holds in memory is what is counted for it."""

from __future__ import annotations

import tracemalloc

import pytest

from coupon_core.web.http_worker import request_parser
from coupon_core.web.http_worker.limits import RequestLimits
from coupon_core.web.http_worker.request_parser import RequestParser

LIMITS = RequestLimits(max_line_bytes=4_094, max_fields=64, max_field_bytes=8_190)
HEAD = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
FLOODS = {
    "chunks of two bytes": HEAD + b"2\r\nab\r\n" * 10_000,
    "chunks of one byte": HEAD + b"1\r\na\r\n" * 10_000,
    "one chunk": HEAD + b"ea60\r\n" + b"a" * 60_000,
    "a head": HEAD[:-2] + b"X: a\r\n" * 50 + b"Y: " + b"a" * 8_000,
}


FRAMES = 5


def measure_memory_of(*files: str) -> int:
    """Return the traced bytes that these files asked for; threads of others do too."""
    traces = tracemalloc.take_snapshot().filter_traces(
        [tracemalloc.Filter(True, file, all_frames=True) for file in files]
    )
    return sum(trace.size for trace in traces.traces)


@pytest.mark.parametrize("data", FLOODS.values(), ids=FLOODS)
def test_no_shape_of_a_request_holds_more_memory_than_is_counted(data: bytes) -> None:
    tracemalloc.start(FRAMES)
    try:
        parser = RequestParser(LIMITS)
        for start in range(0, len(data), 16_384):
            parser.feed(data[start : start + 16_384])
            assert parser.next_request() is None
        held = measure_memory_of(request_parser.__file__, __file__)
    finally:
        tracemalloc.stop()
    assert held < 2 * parser.buffered_bytes + 16_384


@pytest.mark.parametrize(
    ("chunk", "count", "is_read"),
    [
        (b"1\r\na\r\n", 16_000, True),
        (b"1\r\na\r\n", 20_000, False),
        (b"2\r\nab\r\n", 32_000, False),
        (b"3\r\nabc\r\n", 21_800, True),
    ],
)
def test_a_long_body_comes_in_chunks_of_three_bytes_or_more(
    chunk: bytes, count: int, is_read: bool
) -> None:
    parser = RequestParser(LIMITS)
    data = HEAD + chunk * count + b"0\r\n\r\n"
    for start in range(0, len(data), 16_384):
        parser.feed(data[start : start + 16_384])
        parser.next_request()
    assert parser.refusal == (None if is_read else 400)
