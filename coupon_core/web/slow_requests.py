"""Limit the threads that slow requests may occupy.

A webhook test waits for its receiver, an import for its upload, an export for its
reader. If such requests occupied all threads, no other request would be served. They
may occupy half of the threads of a process, and those of one tenant a quarter; a
further one is refused with 503 and Retry-After.
"""

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import wraps
from typing import Any, TypeVar

from flask import Flask, Response, current_app, g, request

from coupon_core.schemas.errors import ApiError

View = TypeVar("View", bound=Callable[..., Any])

SLOW_MARK = "_waits_for_others"
THREAD_SLOTS_EXTENSION = "coupon.thread_slots"
RETRY_AFTER_SECONDS = 5


def slow_request(view: View) -> View:
    """Mark a view that waits for a receiver, a name server, an upload or a reader."""
    setattr(view, SLOW_MARK, True)
    return view


class ThreadSlots:
    """The threads of this process that slow requests may occupy."""

    def __init__(self, thread_count: int) -> None:
        self._total = max(1, thread_count // 2)
        self._per_tenant = max(1, thread_count // 4)
        self._occupied: Counter[str] = Counter()
        self._lock = threading.Lock()

    def acquire(self, tenant_id: str) -> Callable[[], None]:
        """Occupy a thread for a tenant; return the function that releases it.

        Raises:
            ApiError: 503 if the tenant, or all tenants together, occupy too many.
        """
        with self._lock:
            if self._occupied.get(tenant_id, 0) >= self._per_tenant:
                raise _too_many_error(f"{self._per_tenant} requests of this tenant")
            if self._occupied.total() >= self._total:
                raise _too_many_error(f"{self._total} requests")
            self._occupied[tenant_id] += 1
        held = [tenant_id]
        return lambda: self._release(held)

    def _release(self, held: list[str]) -> None:
        with self._lock:
            if held:  # several events end a response; the first one counts
                tenant_id = held.pop()
                self._occupied[tenant_id] -= 1
                if not self._occupied[tenant_id]:
                    del self._occupied[tenant_id]


def limit_slow_requests(app: Flask, thread_count: int) -> None:
    """Bound the threads that the views marked `slow_request` occupy."""
    slots = app.extensions[THREAD_SLOTS_EXTENSION] = ThreadSlots(thread_count)
    for endpoint, view in app.view_functions.items():
        if getattr(view, SLOW_MARK, False):
            app.view_functions[endpoint] = _wrap_slow(view, slots)


def run_slowly(view: Callable[[], Response]) -> Response:
    """Run what is slow in a view that is not always, as `slow_request` does.

    Raises:
        ApiError: 503 if the tenant, or all tenants together, occupy too many threads.
    """
    response: Response = _wrap_slow(
        view, current_app.extensions[THREAD_SLOTS_EXTENSION]
    )()
    return response


def _wrap_slow(view: Callable[..., Any], slots: ThreadSlots) -> Callable[..., Any]:
    @wraps(view)
    def slow_view(*args: Any, **kwargs: Any) -> Any:
        principal = g.get("principal")
        if principal is None:  # a preflight request
            return view(*args, **kwargs)
        release = slots.acquire(principal.tenant_id)
        try:
            response = view(*args, **kwargs)
        except BaseException:
            release()
            raise
        if _is_streaming(response):
            response.response = _release_at_end(response.response, release)
            response.call_on_close(release)
        else:
            release()
        return response

    return slow_view


def _is_streaming(response: Any) -> bool:
    # The server never closes the response to HEAD, because it does not read its body.
    is_streamed = isinstance(response, Response) and response.is_streamed
    return is_streamed and request.method != "HEAD"


def _release_at_end(
    pieces: Iterable[Any], release: Callable[[], None]
) -> Iterator[Any]:
    try:
        yield from pieces
    finally:
        release()


def _too_many_error(occupied: str) -> ApiError:
    text = (
        f"{occupied} that wait for other systems are in progress already, "
        f"try again in {RETRY_AFTER_SECONDS} s"
    )
    headers = {"Retry-After": str(RETRY_AFTER_SECONDS)}
    return ApiError(503, "UNAVAILABLE", message=text, headers=headers)
