"""A fair lock for writers of a SQLite file, across threads and processes.

The built-in waiting of SQLite is unfair: one of several processes can get nearly all
turns. Therefore the threads of a process queue first, and one thread per process waits
for a locked file. That thread holds the lock of a second file, `-next`, so that it is
the next writer and no process gets two turns while it waits.
"""

import errno
import fcntl
import os
import random
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from coupon_core.persistence.data_directory import OTHERS_PERMISSIONS
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
        with _open_lock_file(Path(f"{path}-turn")) as turn_file:
            with _open_lock_file(Path(f"{path}-next")) as next_file:
                _lock_file(next_file, deadline)
                _lock_file(turn_file, deadline)
            yield deadline
    finally:
        _thread_lock.release()


REPLACED_FILE_ERRORS = (errno.EACCES, errno.EPERM, errno.ELOOP)


def _open_lock_file(path: Path) -> IO[bytes]:
    """Open a lock file that only this user can open; replace any other.

    A process that can open a file can hold its lock. Each transaction opens the file
    again, so that all processes soon use the new one; until then SQLite's own lock
    separates writers.
    """
    try:
        try:
            return _open_private_file(path)
        except OSError as error:
            if error.errno not in REPLACED_FILE_ERRORS:
                raise
            path.unlink()
            return _open_private_file(path)
    except OSError as error:
        raise DatabaseBusy(
            f"the lock file {path} cannot be used: {error.strerror}; delete it, and "
            "let no other user write to its directory"
        ) from error


def _open_private_file(path: Path) -> IO[bytes]:
    """Open or create a file; raise PermissionError if others can open it."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW
    file = os.fdopen(os.open(path, flags, 0o600), "wb")
    status, owner = os.fstat(file.fileno()), path.parent.stat().st_uid
    if os.geteuid() == 0 and status.st_uid == 0 != owner:
        # Root runs a command for the user to whom the database belongs.
        os.fchown(file.fileno(), owner, -1)
    elif status.st_uid not in (os.geteuid(), owner) or (
        status.st_mode & OTHERS_PERMISSIONS
    ):
        file.close()
        raise PermissionError(errno.EPERM, "other users can open it")
    return file


def _lock_file(file: IO[bytes], deadline: float) -> None:
    while True:
        try:
            return fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise DatabaseBusy(BUSY_MESSAGE) from None
            time.sleep(random.uniform(0.0005, 0.003))  # noqa: S311 - no secret
