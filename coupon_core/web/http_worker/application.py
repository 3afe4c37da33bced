"""Run the WSGI application for one request and pass its answer to the connection."""

from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from io import RawIOBase
from itertools import count
from threading import BoundedSemaphore
from time import monotonic
from typing import Any

from gunicorn import config
from gunicorn.glogging import Logger

from coupon_core.web.body_admission import (
    ADMITTED_ENVIRON_KEY,
    PENDING_BODY_ENVIRON_KEY,
    BodyRequired,
)
from coupon_core.web.gunicorn_errors import serialize_error_response
from coupon_core.web.http_worker.connection import ClientGone, Connection
from coupon_core.web.http_worker.http_request import HttpRequest
from coupon_core.web.http_worker.limits import (
    MAX_COLLECTED_BYTES,
    MAX_UNSENT_BYTES_PER_CONNECTION,
    Timeouts,
)
from coupon_core.web.http_worker.response import Response
from coupon_core.web.http_worker.wsgi_environ import (
    Environ,
    SchemePolicy,
    create_environ,
)

_STREAM_PIECE_BYTES = 65_536


class _PendingBody(RawIOBase):
    """Stands for a body that has not been received: reading it ends the attempt."""

    def __init__(self, limit: int) -> None:
        self._limit = limit

    def readable(self) -> bool:
        return True

    def readinto(self, _buffer: Any) -> int:
        raise BodyRequired(self._limit)


class ApplicationRunner:
    """Runs the application of a worker. Called by all serving threads."""

    def __init__(self, worker: Any, scheme_policy: SchemePolicy) -> None:
        cfg = worker.cfg
        self._worker, self._wsgi, self._log = worker, worker.wsgi, worker.log
        self._scheme_policy = scheme_policy
        self._timeouts = Timeouts.from_config(cfg)
        # A logger class may count requests in its own `access`, as gunicorn's Statsd.
        is_own_logger = type(worker.log).access is not Logger.access
        self._logs_access = is_own_logger or worker.log.access_log_enabled
        self._requests = count(1)
        self._stream_slots = BoundedSemaphore(max(1, cfg.threads // 2))
        self._pre_request = _get_hook(cfg.pre_request, config.PreRequest.pre_request)
        self._post_request = _get_hook(
            cfg.post_request, config.PostRequest.post_request
        )

    def respond(self, connection: Connection, request: HttpRequest) -> None:
        """Answer a complete request; catch every exception of the application."""
        environ = create_environ(connection.environ, request)
        if request.is_admitted:
            environ[ADMITTED_ENVIRON_KEY] = True
        worker = self._worker
        worker.nr = next(self._requests)
        if worker.nr >= worker.max_requests and worker.alive:
            self._log.info("Autorestarting worker after current request.")
            worker.stop_gracefully()
        keep_alive = request.keep_alive and self._timeouts.keepalive > 0
        self._run(connection, request, environ, keep_alive and worker.alive)
        if request.input_file is not None:
            request.input_file.close()

    def ask_for_body(
        self, connection: Connection, request: HttpRequest
    ) -> BodyRequired | None:
        """Run the application without the large body of `request`.

        Returns None if it answered without reading; the answer ends the connection.
        """
        environ = create_environ(connection.environ, request, _PendingBody(0))
        environ[PENDING_BODY_ENVIRON_KEY] = True
        try:
            self._run(connection, request, environ, keep_alive=False)
        except BodyRequired as required:
            return required
        connection.must_linger = True
        return None

    def _run(
        self,
        connection: Connection,
        request: HttpRequest,
        environ: Environ,
        keep_alive: bool,
    ) -> None:
        response = Response(request.method, request.version, keep_alive)
        started = monotonic()
        try:
            if connection.is_proxy and not self._set_scheme(environ, request):
                self._send_error(connection, response, 400)
                return
            if self._pre_request is not None:
                self._pre_request(self._worker, request)
            self._call(connection, response, environ)
        except ClientGone:
            connection.is_broken = True
        except (Exception, SystemExit):
            self._log.exception("Error handling request")
            if response.headers_sent:
                connection.is_broken = True
            else:
                self._send_error(connection, response, 500)
        self._finish(request, environ, response, started)

    def _set_scheme(self, environ: Environ, request: HttpRequest) -> bool:
        scheme = self._scheme_policy.find_scheme(request.fields)
        environ["wsgi.url_scheme"] = scheme
        if client := self._scheme_policy.find_client(request.fields):
            environ["REMOTE_ADDR"] = client
        return scheme is not None

    def _call(
        self, connection: Connection, response: Response, environ: Environ
    ) -> None:
        iterable = self._wsgi(environ, response.start_response)
        try:
            rest = self._collect(iterable, response.written)
            if rest is None:
                self._send_complete(connection, response)
            elif self._stream_slots.acquire(blocking=False):
                try:
                    self._send_stream(connection, response, rest)
                finally:
                    self._stream_slots.release()
            else:
                self._send_error(connection, response, 503, retry_after=1)
        finally:
            close = getattr(iterable, "close", None)
            if close is not None:
                close()

    @staticmethod
    def _collect(
        iterable: Iterable[bytes], chunks: list[bytes]
    ) -> Iterator[bytes] | None:
        """Collect an answer; if it is too large for that, return the iterator."""
        iterator, size = iter(iterable), 0
        for chunk in iterator:
            chunks.append(chunk)
            size += len(chunk)
            if size > MAX_COLLECTED_BYTES:
                break
        else:
            return None
        following = next(iterator, None)
        if following is None and size <= MAX_UNSENT_BYTES_PER_CONNECTION:
            return None
        if following is not None:
            chunks.append(following)
        return iterator

    @staticmethod
    def _send_complete(connection: Connection, response: Response) -> None:
        chunks = response.written
        if not response.status:
            raise AssertionError("the application did not call start_response")
        body = response.fit_body(chunks[0] if len(chunks) == 1 else b"".join(chunks))
        response.sent = len(body)
        connection.is_ending = not response.keep_alive
        connection.send(response.serialize_head(), body)

    def _send_stream(
        self, connection: Connection, response: Response, rest: Iterator[bytes]
    ) -> None:
        lag = self._timeouts.send
        response.start_stream()
        pending = [b"".join(response.written)]
        head = response.serialize_head()
        connection.send_paced(head + response.frame(pending.pop()), lag)
        size = 0
        for chunk in rest:
            pending.append(chunk)
            size += len(chunk)
            if size >= _STREAM_PIECE_BYTES:
                connection.send_paced(response.frame(b"".join(pending)), lag)
                self._worker.note_progress()
                pending, size = [], 0
        last = response.frame(b"".join(pending))
        connection.send_paced(last + (b"0\r\n\r\n" if response.chunked else b""), lag)
        expected = 0 if response.omits_body else response.response_length or 0
        is_short = response.sent < expected
        connection.is_ending = is_short or not response.keep_alive

    @staticmethod
    def _send_error(
        connection: Connection,
        response: Response,
        status: int,
        retry_after: int | None = None,
    ) -> None:
        response.status, response.status_code = str(status), status
        connection.is_ending = True
        connection.send(serialize_error_response(status, retry_after=retry_after))

    def _finish(
        self, request: HttpRequest, environ: Environ, response: Response, started: float
    ) -> None:
        if self._logs_access:
            duration = timedelta(seconds=monotonic() - started)
            self._log.access(response, request, environ, duration)
        if self._post_request is not None:
            try:
                self._post_request(self._worker, request, environ, response)
            except Exception:
                self._log.exception("Exception in post_request hook")


def _get_hook(hook: Callable[..., Any], default: Any) -> Callable[..., Any] | None:
    """Return a configured hook; None for gunicorn's own, which does nothing."""
    return None if hook is default else hook
