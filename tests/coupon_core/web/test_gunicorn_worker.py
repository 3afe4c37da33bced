"""When a request has come: not a byte too early, nor later than its last byte."""

import socket

import pytest
from gunicorn.http.errors import NoMoreData

from coupon_core.web.gunicorn_worker import (
    MAX_BUFFERED_BODY_BYTES,
    MAX_HEADER_BYTES,
    MIN_UPLOAD_BYTES_PER_SECOND,
    MinimumRateSocket,
    RequestBuffer,
)

POST = b"POST /x HTTP/1.1\r\nHost: x\r\n"
CODED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
WHOLE = {
    "no body": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "no header": b"GET / HTTP/1.0\r\n\r\n",
    "bare line ends": b"GET / HTTP/1.1\nHost: x\n\n",
    "an empty body": POST + b"Content-Length: 0\r\n\r\n",
    "a body": POST + b"content-length:\t5 \r\nX: y\r\n\r\n{\r\n\r\n",
    "a length in a value": POST + b"X: Content-Length: 9\r\n\r\n",
    "no chunk": CODED + b"0\r\n\r\n",
    "chunks": CODED + b"2\r\n{}\r\n00A;x=y\r\n0\r\n\r\n0\r\n\r\n\r\n0\r\n\r\n",
    "a trailer": CODED + b"1\r\n \r\n0\r\nX: y\r\nZ: 0\r\n\r\n",
    "a length as well": CODED[:-2] + b"Content-Length: 4\r\n\r\n",
    "another coding": POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n",
}


def arrival(data: bytes) -> RequestBuffer:
    return RequestBuffer(data, 0.0)


@pytest.mark.parametrize("data", WHOLE.values(), ids=list(WHOLE))
def test_a_request_is_ready_with_its_last_byte(data: bytes) -> None:
    slow = arrival(b"")
    for at in range(len(data)):
        assert not slow.is_ready(), data[:at]
        slow.data += data[at : at + 1]
    assert slow.is_ready()
    assert arrival(data).is_ready()
    assert arrival(data + b"GET / HTTP/1.1\r\n").is_ready()


NONSENSE = {
    "a size that is none": CODED + b"zz\r\n",
    "a chunk that goes on": CODED + b"1\r\n{}\r\n0\r\n",
    "more than is kept": POST
    + b"Content-Length: %d\r\n\r\n" % (MAX_BUFFERED_BODY_BYTES + 1),
    "much more": POST + b"Content-Length: 999999999999999999\r\n\r\n",
    "no number": POST + b"Content-Length: ten\r\n\r\n",
    "chunks without an end": CODED
    + b"1\r\n \r\n" * (MAX_HEADER_BYTES + MAX_BUFFERED_BODY_BYTES),
}


@pytest.mark.parametrize("data", NONSENSE.values(), ids=list(NONSENSE))
def test_what_is_too_much_or_nonsense_is_not_waited_for(data: bytes) -> None:
    assert arrival(data).is_ready()


def test_a_head_without_an_end_is_too_big_before_long() -> None:
    head = arrival(POST + b"X: " + b"y" * (MAX_HEADER_BYTES - 100))
    assert not head.is_ready()
    assert not head.is_header_too_large()
    head.data += b"y" * 100
    assert head.is_header_too_large()


def test_who_waits_for_leave_to_send_gets_it_once() -> None:
    eager = arrival(POST + b"Content-Length: 2\r\nExpect: 100-Continue\r\n")
    assert not eager.is_ready()
    assert not eager.should_send_continue()
    eager.data += b"\r\n"
    assert not eager.is_ready()
    assert [eager.should_send_continue(), eager.should_send_continue()] == [True, False]


def test_a_reader_waits_no_longer_than_the_pace_allows() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        paced = MinimumRateSocket(ours, 0.05)
        theirs.sendall(b"x" * MIN_UPLOAD_BYTES_PER_SECOND)
        assert (
            len(paced.recv(MIN_UPLOAD_BYTES_PER_SECOND)) == MIN_UPLOAD_BYTES_PER_SECOND
        )
        with pytest.raises(NoMoreData):
            paced.recv(1)
        assert ours.gettimeout() is None
