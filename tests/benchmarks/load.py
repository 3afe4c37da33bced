"""A load generator in Python, for machines without wrk, and for exact latencies."""

from __future__ import annotations

import re
import selectors
import socket
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import cycle

CONTENT_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
RESPONSE_TIMEOUT_SECONDS = 10.0  # then the answer counts as missing
MAX_FAILURES_SHOWN = 5  # reported in full


@dataclass(frozen=True, slots=True)
class LoadPlan:
    """What to send, where, and for how long; each request once unless repeated."""

    port: int
    requests: Sequence[bytes]
    seconds: float
    repeat: bool = False
    required_bytes: bytes = b""  # in every answer


@dataclass(slots=True)
class LoadResult:
    """The result of a load; latencies are in milliseconds, CPU is the generator's."""

    seconds: float = 0.0
    completed: int = 0
    unanswered: int = 0  # sent, and perhaps served, but no answer was received
    p50_ms: float = 0.0
    p99_ms: float = 0.0
    cpu_seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Connection:
    """A connection that sends its next request after each answer."""

    socket: socket.socket
    sent_at: float = 0.0
    received: bytes = b""


def drive(plan: LoadPlan, clients: int) -> LoadResult:
    """Send requests on that many connections; return after the last answer."""
    outcome = LoadResult()
    waiting = iter(cycle(plan.requests) if plan.repeat else plan.requests)
    callers = [_connect(plan.port) for _ in range(clients)]
    began, cpu_began = time.perf_counter(), time.process_time()
    with selectors.DefaultSelector() as selector:
        for caller in callers:
            selector.register(caller.socket, selectors.EVENT_READ, caller)
            _send_next(caller, waiting, selector)
        _drive_connections(
            selector, waiting, began + plan.seconds, plan.required_bytes, outcome
        )
    outcome.seconds = time.perf_counter() - began
    outcome.cpu_seconds = time.process_time() - cpu_began
    for caller in callers:
        caller.socket.close()
    latencies = sorted(outcome.latencies)
    outcome.completed = len(latencies)
    outcome.p50_ms = compute_percentile(latencies, 50)
    outcome.p99_ms = compute_percentile(latencies, 99)
    return outcome


def _connect(port: int) -> Connection:
    connected = socket.create_connection(("127.0.0.1", port), RESPONSE_TIMEOUT_SECONDS)
    connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return Connection(connected)


def _drive_connections(
    selector: selectors.BaseSelector,
    waiting: Iterator[bytes],
    until: float,
    required_bytes: bytes,
    outcome: LoadResult,
) -> None:
    while selector.get_map():
        ready = selector.select(RESPONSE_TIMEOUT_SECONDS)
        if not ready:
            outcome.failures.append(f"no answer in {RESPONSE_TIMEOUT_SECONDS:.0f} s")
            return
        for key, _ in ready:
            caller: Connection = key.data
            if not _has_answer(caller, selector, outcome):
                continue
            _record_response(caller, required_bytes, outcome)
            if time.perf_counter() < until:
                _send_next(caller, waiting, selector)
            else:
                selector.unregister(caller.socket)


def _has_answer(
    caller: Connection, selector: selectors.BaseSelector, outcome: LoadResult
) -> bool:
    chunk = caller.socket.recv(65_536)
    caller.received += chunk
    if not chunk:
        outcome.failures.append("the connection was closed")
        selector.unregister(caller.socket)
        return False
    head, end, body = caller.received.partition(b"\r\n\r\n")
    length = CONTENT_LENGTH.search(head)
    return bool(end and length and len(body) >= int(length[1]))


def _record_response(
    caller: Connection, required_bytes: bytes, outcome: LoadResult
) -> None:
    answer = caller.received
    if answer[9:10] == b"2" and required_bytes in answer:
        outcome.latencies.append((time.perf_counter() - caller.sent_at) * 1000)
    else:
        outcome.failures.append(answer.decode("latin-1"))
    caller.received = b""


def _send_next(
    caller: Connection, waiting: Iterator[bytes], selector: selectors.BaseSelector
) -> None:
    request = next(waiting, None)
    if request is None:
        selector.unregister(caller.socket)
        return
    caller.sent_at = time.perf_counter()
    caller.socket.sendall(request)


def compute_percentile(ordered: Sequence[float], percent: float) -> float:
    """Return a percentile of sorted values."""
    if not ordered:
        return 0.0
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]
