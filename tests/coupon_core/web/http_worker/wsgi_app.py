"""A WSGI application without Flask, for tests of the worker itself."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Iterator
from typing import Any

from coupon_core.web.body_admission import require_body

ROUTE_LIMIT_BYTES = 1_000_000
Environ = dict[str, Any]


class Closing:
    """An iterable whose `close` leaves a trace in a file."""

    def __init__(self, path: str) -> None:
        self._path = path

    def __iter__(self) -> Iterator[bytes]:
        yield b"x"

    def close(self) -> None:
        with open(self._path, "a") as trace:
            trace.write("closed\n")


def app(environ: Environ, start_response: Any) -> Iterable[bytes]:
    name = environ["PATH_INFO"].strip("/").replace("/", "_") or "echo"
    return ROUTES.get(name, echo)(environ, start_response)


def echo(environ: Environ, start_response: Any) -> Iterable[bytes]:
    """What the application sees of a request, as JSON."""
    body = environ["wsgi.input"].read()
    seen = {k: v for k, v in environ.items() if isinstance(v, str)}
    data = json.dumps({**seen, "body": body.decode("latin-1"), "pid": os.getpid()})
    start_response("200 OK", [("Content-Type", "application/json")])
    return [data.encode()]


def size(environ: Environ, start_response: Any) -> Iterable[bytes]:
    """How many bytes arrived; takes ROUTE_LIMIT_BYTES, and needs a credential."""
    if environ.get("HTTP_AUTHORIZATION") != "good":
        start_response("401 Unauthorized", [("Content-Length", "0")])
        return []
    require_body(environ, ROUTE_LIMIT_BYTES)
    data = environ["wsgi.input"].read(ROUTE_LIMIT_BYTES + 1)
    status = "413 Too Large" if len(data) > ROUTE_LIMIT_BYTES else "200 OK"
    answer = str(len(data)).encode()
    start_response(status, [("Content-Length", str(len(answer)))])
    return [answer]


def slow(environ: Environ, start_response: Any) -> Iterable[bytes]:
    time.sleep(float(environ["QUERY_STRING"] or 1))
    start_response("200 OK", [("Content-Length", "4")])
    return [b"done"]


def stream(environ: Environ, start_response: Any) -> Iterable[bytes]:
    """So many kilobytes, in pieces of one kilobyte."""
    start_response("200 OK", [("Content-Type", "text/csv")])
    return (b"x" * 1_024 for _ in range(int(environ["QUERY_STRING"])))


def trickle(environ: Environ, start_response: Any) -> Iterable[bytes]:
    """Stream an answer for a number of seconds."""
    start_response("200 OK", [("Content-Type", "text/csv")])
    until = time.monotonic() + float(environ["QUERY_STRING"])
    yield b"x" * 300_000
    while time.monotonic() < until:
        time.sleep(0.2)
        yield b"x" * 65_536


def document(environ: Environ, start_response: Any) -> Iterable[bytes]:
    """One large piece with a length, such as an OpenAPI document."""
    start_response("200 OK", [("Content-Length", str(len(DOCUMENT)))])
    return [DOCUMENT]


def empty(environ: Environ, start_response: Any) -> Iterable[bytes]:
    status = environ["QUERY_STRING"]
    start_response(f"{status} X", [("Content-Length", "3"), ("ETag", '"a"')])
    return [b"abc"]


def fail(environ: Environ, start_response: Any) -> Iterable[bytes]:
    raise ValueError("secret")


def fail_late(environ: Environ, start_response: Any) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Type", "text/csv")])
    for _ in range(1_000):
        yield b"x" * 1_024
    raise ValueError("secret")


def leave(environ: Environ, start_response: Any) -> Iterable[bytes]:
    raise SystemExit(3)


def inject(environ: Environ, start_response: Any) -> Iterable[bytes]:
    start_response("200 OK", [("X-A", "b\r\nX-Evil: c")])
    return [b""]


def file(environ: Environ, start_response: Any) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain")])
    handle = open(__file__, "rb")  # noqa: SIM115 - the server closes it
    return environ["wsgi.file_wrapper"](handle, 4_096)  # type: ignore[no-any-return]


def written(environ: Environ, start_response: Any) -> Iterable[bytes]:
    write = start_response("200 OK", [("Content-Type", "text/plain")])
    write(b"ab")
    return [b"c"]


def closing(environ: Environ, start_response: Any) -> Iterable[bytes]:
    start_response("200 OK", [])
    return Closing(environ["QUERY_STRING"])


DOCUMENT = b"d" * 400_000
ROUTES = {
    one.__name__: one
    for one in (
        *(
            echo,
            size,
            slow,
            stream,
            trickle,
            document,
            empty,
            fail,
            fail_late,
            leave,
            inject,
        ),
        *(file, written, closing),
    )
}
