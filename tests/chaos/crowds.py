"""Callers from a process of their own, which can yield to all others here.

In life they are on other machines: where time counts, what their own work costs must
not, but only what the servers do for them.
"""

from __future__ import annotations

import os
import re
import selectors
import socket
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from tests.cores import processes

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE).search
LOWEST_PRIORITY = 19
PATIENCE = 20.0


@dataclass(frozen=True)
class Orders:
    """What so many callers send, each as soon as it has its last answer.

    `to_the_end`, or only as long as others are at it. Who `yields` may wait for long
    where the machine is busy with other things.
    """

    port: int
    callers: int
    requests: Callable[[], Iterator[bytes]]
    to_the_end: bool = False
    yields: bool = False


@dataclass
class Crowd:
    """What callers were answered, and in how many seconds: known after the block."""

    answers: Counter[int] = field(default_factory=Counter)
    seconds: float = 0.0


@contextmanager
def crowd(orders: Orders) -> Iterator[Crowd]:
    """Callers beside the block; they stop with it, or when all has been sent."""
    found = Crowd()
    ours, theirs = processes.Pipe()
    process = processes.Process(target=_work, args=(orders, theirs), daemon=True)
    process.start()
    theirs.close()  # so that we notice when they fail
    ours.recv()  # they are at work
    try:
        yield found
        if not orders.to_the_end:
            ours.send("stop")
        found.answers, found.seconds = ours.recv()
        process.join(PATIENCE)
    finally:
        process.kill()


def _work(orders: Orders, pipe: Any) -> None:
    os.nice(LOWEST_PRIORITY if orders.yields else 0)
    requests = orders.requests()
    callers = [_Caller(orders.port) for _ in range(orders.callers)]
    pipe.send("begun")
    began = monotonic()
    answers = _drive(callers, requests, pipe.poll)
    pipe.send((answers, monotonic() - began))


class _Caller:
    """One connection that is kept open."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.received = b""

    def status(self) -> int | None:
        """The status of the answer, once it is there as a whole."""
        chunk = self.socket.recv(65_536)
        assert chunk, "the connection was closed"
        self.received += chunk
        head, end, body = self.received.partition(b"\r\n\r\n")
        length = LENGTH(head)
        if not end or (length and len(body) < int(length[1])):
            return None
        self.received = b""
        return int(head[9:12])


def _drive(
    callers: list[_Caller], requests: Iterator[bytes], is_over: Callable[[], bool]
) -> Counter[int]:
    answers: Counter[int] = Counter()
    with selectors.DefaultSelector() as selector:

        def ask(caller: _Caller) -> None:
            one = None if is_over() else next(requests, None)
            if one is None:
                selector.unregister(caller.socket)
            else:
                caller.socket.sendall(one)

        for caller in callers:
            selector.register(caller.socket, selectors.EVENT_READ, caller)
            ask(caller)
        while selector.get_map():
            ready = selector.select(PATIENCE)
            assert ready, "no answer came"
            for caller in (key.data for key, _ in ready):
                if status := caller.status():
                    answers[status] += 1
                    ask(caller)
    return answers
