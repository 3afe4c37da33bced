"""What surrounds every answer, even a failed one: its id, safe headers, a log line."""

import os
import re
from collections.abc import Callable, Iterable
from time import perf_counter
from types import TracebackType
from typing import Any, TypeAlias

from coupon_core.observability import audit_context
from coupon_core.web.access_log import tell

REQUEST_ID = "coupon.request_id"
_SANE = re.compile(r"[A-Za-z0-9._-]{1,64}").fullmatch

Environ: TypeAlias = dict[str, Any]
Start: TypeAlias = Callable[..., Any]
Wsgi: TypeAlias = Callable[[Environ, Start], Iterable[bytes]]
Trouble: TypeAlias = (
    tuple[type[BaseException], BaseException, TracebackType]
    | tuple[None, None, None]
    | None
)

# Each is sent unless the answer has one of its own, as the docs page does.
SAFE = (
    ("Cache-Control", "no-store"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
)


def in_shell(inner: Wsgi) -> Wsgi:
    """Wrap a WSGI app: the caller's sane `X-Request-Id`, or a new one, comes back.

    It is done here, and not in Flask's hooks, because a list of pairs costs a tenth
    of what a header object does, and because hooks are skipped when a hook fails.
    """

    def outer(environ: Environ, start_response: Start) -> Iterable[bytes]:
        sent = environ.get("HTTP_X_REQUEST_ID")
        request_id = sent if sent and _SANE(sent) else os.urandom(12).hex()
        environ[REQUEST_ID] = request_id
        audit_context.begin(request_id=request_id)
        began, code = perf_counter(), 500

        def start(
            status: str, headers: list[tuple[str, str]], trouble: Trouble = None
        ) -> Any:
            nonlocal code
            code = int(status[:3])
            present = {name for name, _ in headers}
            headers += [pair for pair in SAFE if pair[0] not in present]
            headers.append(("X-Request-Id", request_id))
            if trouble:
                return start_response(status, headers, trouble)
            return start_response(status, headers)

        body = inner(environ, start)
        tell(environ, code, perf_counter() - began)
        return body

    return outer
