"""Both pollers: one event for each registration, to one thread."""

from __future__ import annotations

import select
import socket
from collections.abc import Iterator
from threading import Thread

import pytest

from coupon_core.web.http_worker.pollers import (
    READABLE,
    WRITABLE,
    EpollPoller,
    Poller,
    SelectPoller,
)

POLLERS = [SelectPoller, *([EpollPoller] if hasattr(select, "epoll") else [])]


@pytest.fixture(params=POLLERS)
def poller(request: pytest.FixtureRequest) -> Iterator[Poller]:
    made: Poller = request.param()
    yield made
    made.close()


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def wait_in_thread(poller: Poller) -> tuple[Thread, list[int]]:
    seen: list[int] = []
    thread = Thread(target=lambda: seen.append(poller.wait()), daemon=True)
    thread.start()
    return thread, seen


def test_an_event_is_reported_once_until_rearmed(
    poller: Poller, pair: tuple[socket.socket, socket.socket]
) -> None:
    ours, theirs = pair
    poller.register(ours.fileno(), READABLE)
    theirs.send(b"x")
    assert poller.wait() == ours.fileno()
    thread, seen = wait_in_thread(poller)
    thread.join(0.1)
    assert thread.is_alive()
    poller.rearm(ours.fileno(), READABLE)
    thread.join(60)
    assert seen == [ours.fileno()]


def test_a_registration_reaches_a_thread_that_waits_already(
    poller: Poller, pair: tuple[socket.socket, socket.socket]
) -> None:
    ours, _ = pair
    thread, seen = wait_in_thread(poller)
    poller.register(ours.fileno(), WRITABLE)
    thread.join(60)
    assert seen == [ours.fileno()]


def test_nothing_is_reported_of_a_forgotten_descriptor(
    poller: Poller, pair: tuple[socket.socket, socket.socket]
) -> None:
    ours, theirs = pair
    poller.register(ours.fileno(), READABLE)
    poller.forget(ours.fileno())
    theirs.send(b"x")
    thread, _ = wait_in_thread(poller)
    thread.join(0.1)
    assert thread.is_alive()
    poller.wake_all()
    thread.join(60)
    assert not thread.is_alive()


def test_all_threads_are_woken(poller: Poller) -> None:
    threads = [wait_in_thread(poller)[0] for _ in range(4)]
    poller.wake_all()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
