"""One HTTP response: `start_response` of WSGI, and the bytes of its head."""

import re
from collections.abc import Callable
from email.utils import formatdate
from time import time
from typing import Any

from gunicorn.http.errors import InvalidResponseHeader, InvalidResponseHeaderName

SERVER_HEADER = "gunicorn"
_HOP_BY_HOP_HEADERS = frozenset(
    {
        *("connection", "date", "keep-alive", "proxy-authenticate", "server", "te"),
        *("proxy-authorization", "trailers", "transfer-encoding", "upgrade"),
    }
)
_MAX_CACHED_NAMES = 512
_match_token = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+").fullmatch
_match_values = re.compile(r"[ \t\x21-\x7e\x80-\xff]*").fullmatch
_match_status = re.compile(r"[1-9][0-9]{2}(?: [ \t\x21-\x7e\x80-\xff]*)?").fullmatch
_ORDINARY, _LENGTH, _DROPPED = range(3)
_name_kinds: dict[str, int] = {}
_NO_BODY_STATUSES = frozenset({204, 304})


class _Clock:
    """The Date header, formatted once a second."""

    second = 0
    text = ""

    @classmethod
    def date(cls) -> str:
        second = int(time())
        if second != cls.second:
            cls.text = formatdate(second, usegmt=True)
            cls.second = second
        return cls.text


class Response:
    """What an application answers, until its head is serialized."""

    __slots__ = (
        "_is_1_1",
        "_is_head_request",
        "chunked",
        "headers",
        "headers_sent",
        "keep_alive",
        "response_length",
        "sent",
        "status",
        "status_code",
        "written",
    )

    def __init__(self, method: str, version: tuple[int, int], keep_alive: bool) -> None:
        self._is_head_request = method == "HEAD"
        self._is_1_1 = version == (1, 1)
        self.keep_alive = keep_alive
        self.status = ""
        self.status_code = 0
        self.headers: list[tuple[str, str]] = []
        self.response_length: int | None = None
        self.written: list[bytes] = []  # by the `write` callable of old applications
        self.chunked = self.headers_sent = False
        self.sent = 0

    def start_response(
        self, status: str, headers: list[tuple[str, str]], exc_info: Any = None
    ) -> Callable[[bytes], None]:
        """Receive status and headers (PEP 3333).

        Raises: ValueError and gunicorn's InvalidResponseHeader for what would break
        the framing of the answer.
        """
        if exc_info:
            try:
                if self.headers_sent:
                    raise exc_info[1].with_traceback(exc_info[2])
            finally:
                exc_info = None
        elif self.status:
            raise AssertionError("start_response was called twice without exc_info")
        if not _match_status(status):
            raise ValueError(f"invalid status {status!r}")
        self.status, self.status_code = status, int(status[:3])
        self.response_length = None
        self.headers = self._check_headers(headers)
        return self.written.append

    def _check_headers(self, headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
        values = "".join([value for _, value in headers])
        if not (values.isascii() and values.isprintable()) and not _match_values(
            values
        ):
            raise InvalidResponseHeader("a header value has a control character")
        kept = []
        for name, value in headers:
            kind = _name_kinds.get(name)
            if kind is None:
                kind = _classify_name(name)
            if kind == _DROPPED:
                continue
            if kind == _LENGTH:
                self.response_length = int(value)
                if self.status_code == 204:
                    self.response_length = None
                    continue
            kept.append((name, value))
        return kept

    @property
    def omits_body(self) -> bool:
        """Return True if no body may follow the head (RFC 9110)."""
        return self._is_head_request or self.status_code in _NO_BODY_STATUSES

    def fit_body(self, body: bytes) -> bytes:
        """Return the body as it may be sent; set Content-Length where it is missing."""
        if self.omits_body:
            return b""
        length = self.response_length
        if length is None:
            self.response_length = len(body)
            self.headers.append(("Content-Length", str(len(body))))
        elif length < len(body):
            return body[:length]
        elif length > len(body):
            self.keep_alive = False  # the client has to notice that bytes are missing
        return body

    def start_stream(self) -> None:
        """Choose the framing of a body whose length is not known yet."""
        if self.response_length is None and not self.omits_body:
            self.chunked = self._is_1_1
            self.keep_alive = self.keep_alive and self._is_1_1

    def frame(self, data: bytes) -> bytes:
        """Return a piece of a streamed body as it goes over the wire."""
        if self.omits_body:
            return b""
        if self.response_length is not None:
            data = data[: max(0, self.response_length - self.sent)]
        self.sent += len(data)
        if self.chunked:
            return b"%x\r\n%b\r\n" % (len(data), data) if data else b""
        return data

    def serialize_head(self) -> bytes:
        """Return the head; afterwards neither status nor headers can change."""
        self.headers_sent = True
        lines = [
            f"HTTP/1.{'1' if self._is_1_1 else '0'} {self.status}\r\n"
            f"Server: {SERVER_HEADER}\r\nDate: {_Clock.date()}\r\n"
            f"Connection: {'keep-alive' if self.keep_alive else 'close'}\r\n"
        ]
        lines += [f"{name}: {value}\r\n" for name, value in self.headers]
        lines.append("Transfer-Encoding: chunked\r\n\r\n" if self.chunked else "\r\n")
        return "".join(lines).encode("latin-1")


def _classify_name(name: str) -> int:
    if not _match_token(name):
        raise InvalidResponseHeaderName(repr(name))
    lower = name.lower()
    kind = _ORDINARY
    if lower == "content-length":
        kind = _LENGTH
    elif lower in _HOP_BY_HOP_HEADERS:
        kind = _DROPPED
    if len(_name_kinds) < _MAX_CACHED_NAMES:
        _name_kinds[name] = kind
    return kind
