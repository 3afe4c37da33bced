"""WSGI middleware for every response: request id, safe headers, log line."""

import os
import re
from collections.abc import Callable, Iterable
from time import perf_counter
from types import TracebackType
from typing import Any, TypeAlias

from coupon_core.observability import audit_context
from coupon_core.web.access_log import log_request

REQUEST_ID_ENVIRON_KEY = "coupon.request_id"
_match_request_id = re.compile(r"[A-Za-z0-9._-]{1,64}").fullmatch

Environ: TypeAlias = dict[str, Any]
StartResponse: TypeAlias = Callable[..., Any]
WsgiApp: TypeAlias = Callable[[Environ, StartResponse], Iterable[bytes]]
ExcInfo: TypeAlias = (
    tuple[type[BaseException], BaseException, TracebackType]
    | tuple[None, None, None]
    | None
)

# Each is sent unless the response sets its own, as the docs page does.
SECURITY_HEADERS = (
    ("Cache-Control", "no-store"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
)


def wrap_wsgi(app: WsgiApp, is_logged: bool = True) -> WsgiApp:
    """Wrap a WSGI app; return a valid `X-Request-Id` of the caller, or a new one.

    This is not done in Flask hooks: appending to a list of pairs costs a tenth of a
    headers object, and hooks are skipped when another hook fails.
    """

    def wrapped_app(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        request_id = _choose_request_id(environ.get("HTTP_X_REQUEST_ID"))
        environ[REQUEST_ID_ENVIRON_KEY] = request_id
        audit_context.start_context(request_id=request_id)
        started_at, status_code = perf_counter(), 500

        def start_with_headers(
            status: str, headers: list[tuple[str, str]], exc_info: ExcInfo = None
        ) -> Any:
            nonlocal status_code
            status_code = int(status[:3])
            present_names = {name for name, _ in headers}
            headers += [
                (name, value)
                for name, value in SECURITY_HEADERS
                if name not in present_names
            ]
            headers.append(("X-Request-Id", request_id))
            if exc_info:
                return start_response(status, headers, exc_info)
            return start_response(status, headers)

        body = app(environ, start_with_headers)
        if is_logged:
            log_request(environ, status_code, seconds=perf_counter() - started_at)
        return body

    return wrapped_app


def _choose_request_id(sent_id: str | None) -> str:
    if sent_id and _match_request_id(sent_id):
        return sent_id
    return os.urandom(12).hex()
