"""What surrounds every answer, even a failed one: its request id and safe headers."""

import os
import re
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any, TypeAlias

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

        def start(
            status: str, headers: list[tuple[str, str]], trouble: Trouble = None
        ) -> Any:
            present = {name for name, _ in headers}
            headers += [pair for pair in SAFE if pair[0] not in present]
            headers.append(("X-Request-Id", request_id))
            if trouble:
                return start_response(status, headers, trouble)
            return start_response(status, headers)

        return inner(environ, start)

    return outer
