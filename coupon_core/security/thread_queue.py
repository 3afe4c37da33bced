"""Bound the threads that a slow operation occupies, those that wait for it included."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class ThreadQueue:
    """Lets `running` threads in at a time, and `waiting` more wait for `max_seconds`.

    Without a bound of those that wait, a flood of such operations would occupy every
    thread of a gateway, and no other request would be served.
    """

    def __init__(
        self,
        running: int,
        waiting: int,
        *,
        max_seconds: float,
        build_error: Callable[[], Exception],
    ) -> None:
        self._places = threading.BoundedSemaphore(running + waiting)
        self._turns = threading.BoundedSemaphore(running)
        self._max_seconds = max_seconds
        self._build_error = build_error

    @contextmanager
    def take_turn(self) -> Iterator[None]:
        """Run the block when it is its turn; raise the error of the queue otherwise."""
        if not self._places.acquire(blocking=False):
            raise self._build_error()
        try:
            if not self._turns.acquire(timeout=self._max_seconds):
                raise self._build_error()
            try:
                yield
            finally:
                self._turns.release()
        finally:
            self._places.release()
