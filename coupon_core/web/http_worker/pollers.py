"""Wait for one ready descriptor at a time; each registration reports once.

An event may be stale: its descriptor may have been closed and reused meanwhile. Callers
therefore take ownership of a connection before they touch it.
"""

import os
import select
import selectors
from collections import deque
from contextlib import suppress
from threading import Lock
from typing import Protocol

READABLE, WRITABLE = selectors.EVENT_READ, selectors.EVENT_WRITE


class Poller(Protocol):
    """What the serving threads wait on."""

    def register(self, fd: int, events: int) -> None:
        """Report the next event of a new descriptor."""

    def rearm(self, fd: int, events: int) -> None:
        """Report the next event of a registered descriptor."""

    def forget(self, fd: int) -> None:
        """Report nothing of a descriptor any more."""

    def wait(self) -> int:
        """Block until a descriptor is ready and return it, or -1 to check again."""

    def wake_all(self) -> None:
        """Let every thread return from `wait`, now and in future."""

    def close(self) -> None:
        """Release all resources."""


if hasattr(select, "epoll"):
    _EPOLL_MASKS = {
        READABLE: select.EPOLLIN | select.EPOLLONESHOT,
        WRITABLE: select.EPOLLOUT | select.EPOLLONESHOT,
    }


class EpollPoller:
    """All threads wait in one epoll; EPOLLONESHOT gives an event to one of them.

    Create it after the fork: an inherited epoll would report to all processes.
    """

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._wake_reader, self._wake_writer = os.pipe()
        self._epoll.register(self._wake_reader, select.EPOLLIN)  # for all threads

    def register(self, fd: int, events: int) -> None:
        """See `Poller`."""
        self._epoll.register(fd, _EPOLL_MASKS[events])

    def rearm(self, fd: int, events: int) -> None:
        """See `Poller`."""
        self._epoll.modify(fd, _EPOLL_MASKS[events])

    def forget(self, fd: int) -> None:
        """See `Poller`."""
        with suppress(OSError):
            self._epoll.unregister(fd)

    def wait(self) -> int:
        """See `Poller`."""
        events = self._epoll.poll(None, 1)
        return events[0][0] if events else -1

    def wake_all(self) -> None:
        """See `Poller`."""
        os.write(self._wake_writer, b"x")

    def close(self) -> None:
        """See `Poller`."""
        self._epoll.close()
        os.close(self._wake_reader)
        os.close(self._wake_writer)


class SelectPoller:
    """For systems without epoll (macOS): one thread at a time polls, under a mutex."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._turn = Lock()
        self._changes: deque[tuple[int, int]] = deque()
        self._wake_reader, self._wake_writer = os.pipe()
        os.set_blocking(self._wake_reader, False)
        os.set_blocking(self._wake_writer, False)
        self._selector.register(self._wake_reader, selectors.EVENT_READ)
        self._is_stopped = False

    def register(self, fd: int, events: int) -> None:
        """See `Poller`."""
        self._changes.append((fd, events))
        self._wake()

    rearm = register

    def forget(self, fd: int) -> None:
        """See `Poller`."""
        self.register(fd, 0)

    def wait(self) -> int:
        """See `Poller`."""
        with self._turn:
            while not self._is_stopped:
                self._apply_changes()
                for key, _ in self._selector.select():
                    if key.fd == self._wake_reader:
                        with suppress(BlockingIOError):
                            os.read(self._wake_reader, 4_096)
                        continue
                    self._selector.unregister(key.fd)
                    return key.fd
        return -1

    def _apply_changes(self) -> None:
        while self._changes:
            fd, events = self._changes.popleft()
            with suppress(KeyError, ValueError, OSError):
                self._selector.unregister(fd)
            if events:
                with suppress(ValueError, OSError):
                    self._selector.register(fd, events)

    def _wake(self) -> None:
        with suppress(BlockingIOError):
            os.write(self._wake_writer, b"x")

    def wake_all(self) -> None:
        """See `Poller`."""
        self._is_stopped = True
        self._wake()

    def close(self) -> None:
        """See `Poller`."""
        self._selector.close()
        os.close(self._wake_reader)
        os.close(self._wake_writer)


def create_poller() -> Poller:
    """Return the poller of this system; call it after the fork."""
    return EpollPoller() if hasattr(select, "epoll") else SelectPoller()
