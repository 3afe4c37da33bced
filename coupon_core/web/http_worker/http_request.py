"""One HTTP request: its head as WSGI variables, its framing and its body."""

import re
from collections.abc import Callable
from typing import IO
from urllib.parse import unquote_to_bytes

from gunicorn.util import split_request_uri

from coupon_core.web.http_worker.limits import RequestLimits

_MAX_CACHED_NAMES = 1_024
_MAX_LENGTH_DIGITS = 18
_SINGLE_FIELDS = frozenset(
    {"CONTENT_LENGTH", "CONTENT_TYPE", "HTTP_HOST", "HTTP_TRANSFER_ENCODING"}
)
_match_host = re.compile(
    r"(?:[A-Za-z0-9._~%-]*|\[[0-9A-Fa-f:.]+\])(?::[0-9]*)?"
).fullmatch
_environ_keys: dict[bytes, str] = {}


class InvalidHead(Exception):
    """The request head is refused with `status`."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class HttpRequest:
    """A request whose head has arrived; `body` grows until it is complete."""

    __slots__ = (
        "_body",
        "_raw_headers",
        "body_bytes",
        "content_length",
        "expects_continue",
        "fields",
        "input_file",
        "is_admitted",
        "is_chunked",
        "keep_alive",
        "method",
        "path",
        "query",
        "uri",
        "version",
    )

    def __init__(
        self, method: bytes, target: bytes, headers: list[tuple[bytes, bytes]]
    ) -> None:
        self.method = method.decode("latin-1")
        self.uri = target.decode("latin-1")
        self.path = self.query = ""
        self._raw_headers = headers
        self._body: bytes | bytearray = b""
        self.body_bytes = 0
        self.content_length: int | None = None
        self.is_chunked = self.expects_continue = self.is_admitted = False
        self.keep_alive = True
        self.fields: dict[str, str] = {}
        self.input_file: IO[bytes] | None = None
        self.version = (1, 1)

    # ------------------------------------------------------------- the head

    def interpret(
        self,
        version: str,
        limits: RequestLimits,
        has_line: Callable[[bytes], bool],
    ) -> None:
        """Set framing and WSGI variables.

        Raises: InvalidHead for what two servers could read differently (RFC 9112).
        """
        line = f"{self.method} {self.uri} HTTP/{version}\r\n".encode("latin-1")
        if len(line) - 2 > limits.max_line_bytes:
            raise InvalidHead(414)
        if version not in ("1.1", "1.0") or not has_line(line):
            raise InvalidHead(400)
        if self.method == "CONNECT":
            raise InvalidHead(405)
        if version == "1.0":
            self.version = (1, 0)
        self._collect_fields()
        host = self.fields.get("HTTP_HOST")
        if version == "1.1" if host is None else not _match_host(host):
            raise InvalidHead(400)
        self.path, self.query = _split_target(self.uri, host)
        self._check_framing(version)
        self._check_expectation(version)
        self.keep_alive = self._is_persistent(version)

    def _collect_fields(self) -> None:
        fields = self.fields
        for name, value in self._raw_headers:
            key = _environ_keys.get(name)
            if key is None:
                key = _to_environ_key(name)
            text = value.decode("latin-1").rstrip(" \t")
            if key not in fields:
                fields[key] = text
            elif key in _SINGLE_FIELDS:
                raise InvalidHead(400)
            else:
                fields[key] = f"{fields[key]},{text}"
        fields.pop("", None)  # names with "_", which could stand for another header

    def _check_framing(self, version: str) -> None:
        fields = self.fields
        coding = fields.get("HTTP_TRANSFER_ENCODING")
        length = fields.get("CONTENT_LENGTH")
        if coding is not None:
            if coding.lower() != "chunked" or version == "1.0" or length is not None:
                raise InvalidHead(400)
            self.is_chunked = True
        elif length is not None:
            is_number = length.isascii() and length.isdecimal()
            if not is_number or len(length) > _MAX_LENGTH_DIGITS:
                raise InvalidHead(400)
            self.content_length = int(length)

    def _check_expectation(self, version: str) -> None:
        expectation = self.fields.get("HTTP_EXPECT")
        if expectation is not None:
            if expectation.lower() != "100-continue":
                raise InvalidHead(417)
            self.expects_continue = version == "1.1" and self.has_body

    def _is_persistent(self, version: str) -> bool:
        connection = self.fields.get("HTTP_CONNECTION")
        if connection is None:
            return version == "1.1"
        tokens = {token.strip() for token in connection.lower().split(",")}
        return "close" not in tokens and (version == "1.1" or "keep-alive" in tokens)

    # ------------------------------------------------------------- the body

    @property
    def has_body(self) -> bool:
        """Return True if a body was announced."""
        return self.is_chunked or bool(self.content_length)

    @property
    def missing_bytes(self) -> int:
        """Bytes of the body that are known to be still on their way."""
        return (self.content_length or 0) - self.body_bytes

    @property
    def buffered_bytes(self) -> int:
        """Bytes that this request holds in memory, roughly."""
        head = 1_024 + sum(len(name) + len(value) for name, value in self._raw_headers)
        return head + len(self._body)

    def add_body(self, data: bytes) -> None:
        """Append a piece of the body."""
        if not self._body:
            self._body = data
        elif isinstance(self._body, bytearray):
            self._body += data
        else:  # an object for each of many small chunks would take far more memory
            self._body = bytearray(self._body) + data
        self.body_bytes += len(data)

    def take_body(self) -> bytes:
        """Return and remove what was appended since the last call."""
        body, self._body = self._body, b""
        return bytes(body)

    @property
    def headers(self) -> list[tuple[str, str]]:
        """Headers as pairs of text for gunicorn's hooks, names in upper case."""
        return [
            (name.decode("latin-1").upper(), value.decode("latin-1"))
            for name, value in self._raw_headers
        ]


def _split_target(target: str, host: str | None) -> tuple[str, str]:
    """Return path and query of a request target, both as sent.

    Raises: InvalidHead for a URL of another scheme, or of another server than `host`.
    """
    if target.startswith("/") and not target.startswith("//") and "#" not in target:
        path, _, query = target.partition("?")
        return path, query
    try:
        parts = split_request_uri(target)
    except ValueError:  # such as http://[::1
        raise InvalidHead(400) from None
    if parts.scheme and (
        parts.scheme not in ("http", "https")
        or parts.netloc.lower() != (parts.netloc if host is None else host).lower()
    ):
        raise InvalidHead(400)
    return parts.path or "/", parts.query


def decode_path(path: str) -> str:
    """Return PATH_INFO: percent-decoded, one character a byte."""
    return unquote_to_bytes(path).decode("latin-1") if "%" in path else path


def _to_environ_key(name: bytes) -> str:
    """Return the WSGI variable of a header name, or "" for an ambiguous name."""
    text = name.decode("latin-1").upper()
    if "_" in text:
        key = ""
    elif text in ("CONTENT-LENGTH", "CONTENT-TYPE"):
        key = text.replace("-", "_")
    else:
        key = "HTTP_" + text.replace("-", "_")
    if len(_environ_keys) < _MAX_CACHED_NAMES and len(name) <= 64:
        _environ_keys[name] = key
    return key
