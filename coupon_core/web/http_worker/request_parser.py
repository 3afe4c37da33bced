"""Parse a byte stream into requests; llhttp (httptools) alone decides on framing."""

from httptools import (
    HttpParserError,
    HttpParserInvalidMethodError,
    HttpParserInvalidURLError,
    HttpParserUpgrade,
    HttpRequestParser,
)

from coupon_core.web.http_worker.http_request import HttpRequest, InvalidHead
from coupon_core.web.http_worker.limits import (
    MAX_BUFFERED_BODY_BYTES,
    MAX_CHUNK_OVERHEAD_FACTOR,
    MAX_HEAD_BYTES,
    RequestLimits,
)
from coupon_core.web.http_worker.raw_head import RawHead, find_slice_size


class RequestParser:
    """An incremental parser of one connection: `feed` bytes, take `next_request`.

    `refusal` is the status to answer after all complete requests were answered; then
    the connection ends. `is_paused` is set while `current` has a body that is too
    large for memory and has not been admitted (`admit`).
    """

    __slots__ = (
        *("_complete", "_has_skipped_body", "_head", "_headers", "_is_in_body"),
        *("_is_resuming_body", "_limits", "_offset", "_parser", "_raw_body_bytes"),
        *("_tail", "_unparsed", "_url", "current", "has_begun", "is_finished"),
        *("is_paused", "refusal"),
    )

    def __init__(self, limits: RequestLimits) -> None:
        self._limits = limits
        self._parser = HttpRequestParser(self)
        self._complete: HttpRequest | None = None
        self._unparsed, self._offset = b"", 0
        self._tail = b""  # the last bytes of the previous slice
        self._head = RawHead()
        self._headers: list[tuple[bytes, bytes]] = []
        self._url = b""
        self._is_in_body = self._has_skipped_body = self._is_resuming_body = False
        self._raw_body_bytes = 0
        self.current: HttpRequest | None = None
        self.has_begun = self.is_finished = self.is_paused = False
        self.refusal: int | None = None

    @property
    def buffered_bytes(self) -> int:
        """Bytes that this parser holds in memory."""
        size = len(self._unparsed) - self._offset + len(self._head)
        if self.current is not None:
            size += self.current.buffered_bytes
            size += max(0, self._raw_body_bytes - self.current.body_bytes)
        return size

    @property
    def has_input(self) -> bool:
        """Return True if `next_request` can continue without more bytes."""
        return self._offset < len(self._unparsed) and self._can_parse()

    def feed(self, data: bytes) -> None:
        """Add received bytes; they are parsed by `next_request`."""
        if self._offset < len(self._unparsed):
            data = self._unparsed[self._offset :] + data
        self._unparsed, self._offset = data, 0

    def feed_eof(self) -> None:
        """Note that no more bytes will come; an unfinished request is refused."""
        if self.has_begun and not self.is_finished:
            self._refuse(400)

    def next_request(self) -> HttpRequest | None:
        """Return the next complete request, or None if more bytes are needed."""
        while self._complete is None and self.has_input:
            self._parse_slice()
        request, self._complete = self._complete, None
        return request

    def admit(self) -> None:
        """Continue with the large body of `current`, whose pieces the caller reads."""
        if self.current is not None:
            self.current.is_admitted = True
        self.is_paused = False

    def stop(self) -> None:
        """Release everything, because the connection is about to end.

        llhttp's object refers to this one, so that without this both would stay in
        memory until the garbage collector finds them.
        """
        if hasattr(self, "_parser"):
            del self._parser
        self.is_finished, self.has_begun = True, False
        self._unparsed, self._offset = b"", 0
        self.current = self._complete = None
        self._head.reset()

    def _can_parse(self) -> bool:
        return not (self.is_finished or self.is_paused or self.refusal)

    def _refuse(self, status: int) -> None:
        if self.refusal is None and not self.is_finished:
            self.refusal = status
            self._unparsed, self._offset = b"", 0
            self._head.reset()
            self.current = None

    def _parse_slice(self) -> None:
        start = self._offset
        self._offset = min(start + self._get_slice_bytes(), len(self._unparsed))
        data = self._unparsed[start : self._offset]
        if self._offset == len(self._unparsed):
            self._unparsed, self._offset = b"", 0
        self._tail = (self._tail + data[-3:])[-3:]
        if self._is_in_body:
            self._raw_body_bytes += len(data)
        else:
            self._head.extend(data)
        self._feed_parser(data)
        self._check_sizes()

    def _get_slice_bytes(self) -> int:
        """Return where to cut so that a request ends with a slice, not inside it."""
        request = self.current
        if self._is_in_body and request is not None and not request.is_chunked:
            return max(1, request.missing_bytes)
        return find_slice_size(self._tail, self._unparsed, self._offset)

    def _feed_parser(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except HttpParserUpgrade as upgrade:
            self._restart_parser(data[upgrade.args[0] :])
        except HttpParserInvalidMethodError:
            self._refuse(501 if self._head.has_method_token() else 400)
        except HttpParserInvalidURLError:
            is_connect = self._parser.get_method() == b"CONNECT"
            self._refuse(405 if is_connect else 400)
        except HttpParserError:
            self._refuse(400)

    def _restart_parser(self, rest: bytes) -> None:
        """Ignore an upgrade: llhttp stopped behind the head and skipped the body.

        A new parser is given a head with the same framing, so that it reads the body.
        """
        self._parser = HttpRequestParser(self)
        if self._has_skipped_body and self.current is not None and not self.refusal:
            self._has_skipped_body, self._is_resuming_body = False, True
            length = self.current.content_length
            framing = b"Transfer-Encoding: chunked"
            if length is not None:
                framing = b"Content-Length: %d" % length
            self._parser.feed_data(
                b"POST / HTTP/1.1\r\nHost: x\r\n%b\r\n\r\n" % framing
            )
        self._unparsed, self._offset = rest + self._unparsed[self._offset :], 0
        self._head.reset()

    def _check_sizes(self) -> None:
        if self._is_in_body:
            self._head.reset()
            if self.current is not None and self._raw_body_bytes > MAX_HEAD_BYTES + (
                MAX_CHUNK_OVERHEAD_FACTOR * self.current.body_bytes
            ):
                self._refuse(400)
        elif not self.has_begun:
            if not self._head.skip_empty_lines():
                self._refuse(400)
        elif len(self._head) > MAX_HEAD_BYTES:
            self._refuse(431 if self._headers else 414)

    # ------------------------------------------------ callbacks of httptools

    def on_message_begin(self) -> None:
        """Start a request."""
        if not self._is_resuming_body:
            self.has_begun = True
            self._url, self._headers = b"", []

    def on_url(self, url: bytes) -> None:
        """Collect the request target, which arrives in pieces."""
        if not self._is_resuming_body:
            self._url += url
            if len(self._url) > self._limits.max_line_bytes:
                self._refuse(414)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Collect a header; trailers are dropped."""
        if self._is_in_body or self._is_resuming_body:
            return
        headers, limits = self._headers, self._limits
        headers.append((name, value))
        if (
            len(name) + len(value) + 4 > limits.max_field_bytes
            or len(headers) > limits.max_fields
        ):
            self._refuse(431)

    def on_headers_complete(self) -> None:
        """Interpret the head; refuse what is ambiguous."""
        if self._is_resuming_body:
            self._is_resuming_body = False
            return
        self._is_in_body = True
        self._raw_body_bytes = 0
        if self.refusal or self.is_finished:
            return
        parser = self._parser
        request = HttpRequest(parser.get_method(), self._url, self._headers)
        try:
            request.interpret(
                parser.get_http_version(), self._limits, self._head.starts_with
            )
        except InvalidHead as error:
            self._refuse(error.status)
            return
        self.current = request
        self._has_skipped_body = parser.should_upgrade() and request.has_body
        self.is_paused = request.missing_bytes > MAX_BUFFERED_BODY_BYTES

    def on_body(self, data: bytes) -> None:
        """Collect a piece of the body."""
        request = self.current
        if request is not None:
            request.add_body(data)
            if request.body_bytes > MAX_BUFFERED_BODY_BYTES and not request.is_admitted:
                self.is_paused = True

    def on_message_complete(self) -> None:
        """Queue the complete request."""
        if self._has_skipped_body:
            return
        request, self.current = self.current, None
        self._head.reset()
        self._is_in_body = self.has_begun = self.is_paused = False
        if request is None or self.refusal or self.is_finished:
            return
        if not (request.keep_alive and self._parser.should_keep_alive()):
            request.keep_alive = False
            self.is_finished = True
        self._complete = request
