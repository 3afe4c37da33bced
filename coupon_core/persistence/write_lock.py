"""A fair lock for writers of a SQLite file, across threads and processes.

The built-in waiting of SQLite is unfair: one of several processes can get nearly all
turns. Therefore the threads of a process queue first, and one thread per process waits
for a locked file. That thread holds the lock of a second file, `-next`, so that it is
the next writer and no process gets two turns while it waits.
"""

import fcntl
import random
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from coupon_core.persistence.errors import DatabaseBusy

BUSY_MESSAGE = "the database is busy with other writers; retry later"


class FifoLock:
    """A lock that threads acquire in the order of their requests."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: deque[threading.Lock] = deque()
        self._is_locked = False

    def acquire(self, timeout_seconds: float) -> bool:
        """Acquire the lock; return False if that takes longer than the timeout."""
        with self._lock:
            if not self._is_locked:
                self._is_locked = True
                return True
            ticket = threading.Lock()
            ticket.acquire()
            self._waiting.append(ticket)
        return ticket.acquire(timeout=timeout_seconds) or not self._cancel(ticket)

    def _cancel(self, ticket: threading.Lock) -> bool:
        with self._lock:
            if ticket not in self._waiting:
                return False  # the lock was passed to this thread just now
            self._waiting.remove(ticket)
            return True

    def release(self) -> None:
        """Pass the lock to the thread that has waited longest, or free it."""
        with self._lock:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._is_locked = False


_thread_lock = FifoLock()


@contextmanager
def write_lock(path: Path, timeout_seconds: float) -> Iterator[float]:
    """Hold the exclusive right to write to the file within the block.

    Yields the deadline, on the monotonic clock.

    Raises:
        DatabaseBusy: The lock was not acquired before the deadline.
    """
    deadline = time.monotonic() + timeout_seconds
    if not _thread_lock.acquire(timeout_seconds):
        raise DatabaseBusy(BUSY_MESSAGE)
    try:
        with open(f"{path}-turn", "ab") as turn_file:
            with open(f"{path}-next", "ab") as next_file:
                _lock_file(next_file, deadline)
                _lock_file(turn_file, deadline)
            yield deadline
    finally:
        _thread_lock.release()


def _lock_file(file: IO[bytes], deadline: float) -> None:
    while True:
        try:
            return fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise DatabaseBusy(BUSY_MESSAGE) from None
            time.sleep(random.uniform(0.0005, 0.003))  # noqa: S311 - no secret
