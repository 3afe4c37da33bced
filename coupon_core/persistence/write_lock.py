"""The queue in which those who write to a SQLite file wait, threads and processes.

SQLite's own waiting is unfair: one of several processes can take nearly all turns. So
threads queue for their process's turn, and one of each process for a locked file. Who
waits there has first locked another, and so is next: nobody has two turns meanwhile.
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


class FifoLock:
    """A lock that threads get in the order in which they asked for it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: deque[threading.Lock] = deque()
        self._is_locked = False

    def acquire(self, timeout_seconds: float) -> bool:
        """Take it; False when its turn does not come within the time."""
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
                return False  # it was called up in this very moment
            self._waiting.remove(ticket)
            return True

    def release(self) -> None:
        """Give it to the one who has waited longest."""
        with self._lock:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._is_locked = False


_thread_lock = FifoLock()


@contextmanager
def write_lock(path: Path, timeout_seconds: float) -> Iterator[float]:
    """Be the only one who writes to the file.

    Gives the moment at which the time is over, on the monotonic clock. OperationalError
    when the turn does not come by then.
    """
    deadline = time.monotonic() + timeout_seconds
    if not _thread_lock.acquire(timeout_seconds):
        raise DatabaseBusy("database is busy")
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
                raise DatabaseBusy("database is busy") from None
            time.sleep(random.uniform(0.0005, 0.003))  # noqa: S311 - no secret
