"""Load clients in a process of their own, which can yield the CPU.

In production clients run on other machines. Where latency is measured, only the
server's work must count.
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

from tests.support.concurrency import process_context

find_content_length = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE).search
LOWEST_NICENESS = 19
RESPONSE_TIMEOUT_SECONDS = 60.0


@dataclass(frozen=True)
class LoadPlan:
    """What a number of clients send, each as soon as it has its previous answer.

    With `send_all` every request is sent, otherwise only until other load ends. With
    `low_priority` the process yields the CPU to others.
    """

    port: int
    clients: int
    requests: Callable[[], Iterator[bytes]]
    send_all: bool = False
    low_priority: bool = False


@dataclass
class LoadResult:
    """The answers and their latencies in seconds; complete after the block."""

    answers: Counter[int] = field(default_factory=Counter)
    seconds: float = 0.0


@contextmanager
def running_load(plan: LoadPlan) -> Iterator[LoadResult]:
    """Run clients beside the block; they stop with it, or after the last request."""
    found = LoadResult()
    parent_end, child_end = process_context.Pipe()
    process = process_context.Process(
        target=_run_load, args=(plan, child_end), daemon=True
    )
    process.start()
    child_end.close()  # so that recv() fails if the process dies
    parent_end.recv()  # blocks until the clients are running
    try:
        yield found
        if not plan.send_all:
            parent_end.send("stop")
        found.answers, found.seconds = parent_end.recv()
        process.join(RESPONSE_TIMEOUT_SECONDS)
    finally:
        process.kill()


def _run_load(plan: LoadPlan, pipe: Any) -> None:
    os.nice(LOWEST_NICENESS if plan.low_priority else 0)
    requests = plan.requests()
    callers = [_Client(plan.port) for _ in range(plan.clients)]
    pipe.send("begun")
    began = monotonic()
    answers = _drive_clients(callers, requests, pipe.poll)
    pipe.send((answers, monotonic() - began))


class _Client:
    """One open connection."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(
            ("127.0.0.1", port), RESPONSE_TIMEOUT_SECONDS
        )
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.received = b""

    def read_status(self) -> int | None:
        """Return the status once the whole answer has arrived."""
        chunk = self.socket.recv(65_536)
        assert chunk, "the connection was closed"
        self.received += chunk
        head, end, body = self.received.partition(b"\r\n\r\n")
        length = find_content_length(head)
        if not end or (length and len(body) < int(length[1])):
            return None
        self.received = b""
        return int(head[9:12])


def _drive_clients(
    clients: list[_Client], requests: Iterator[bytes], is_over: Callable[[], bool]
) -> Counter[int]:
    answers: Counter[int] = Counter()
    with selectors.DefaultSelector() as selector:

        def ask(caller: _Client) -> None:
            request = None if is_over() else next(requests, None)
            if request is None:
                selector.unregister(caller.socket)
            else:
                caller.socket.sendall(request)

        for caller in clients:
            selector.register(caller.socket, selectors.EVENT_READ, caller)
            ask(caller)
        while selector.get_map():
            ready = selector.select(RESPONSE_TIMEOUT_SECONDS)
            assert ready, "no answer came"
            for caller in (key.data for key, _ in ready):
                if status := caller.read_status():
                    answers[status] += 1
                    ask(caller)
    return answers
