"""A WSGI app that does nothing, so that only the HTTP worker costs something."""

from collections.abc import Callable, Iterable
from typing import Any

BODY = b"ok"
HEADERS = [("Content-Type", "text/plain"), ("Content-Length", str(len(BODY)))]


def app(_: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer every request with two bytes."""
    start_response("200 OK", HEADERS)
    return (BODY,)
