"""Clients that repeat each request, with its Idempotency-Key, until it is answered."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from threading import Event, Lock
from typing import Any

import requests

from tests.support.concurrency import running_in_threads

RESPONSE_TIMEOUT_SECONDS = 60.0
PAUSE_SECONDS = 0.05
CONNECTION_RESET = "reset"
# A gateway that was killed leaves the key of its last request in use for 15 seconds.
KEY_IN_USE = 409
REPEATED_STATUSES = {KEY_IN_USE, 502, 503, CONNECTION_RESET}


@dataclass(frozen=True)
class Call:
    """A POST; `subject` is the ID of the coupon or user that it concerns."""

    subject: str
    url: str
    body: dict[str, Any]
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request and its answer; a broken connection is CONNECTION_RESET."""

    subject: str
    status: int | str
    started_at: float
    ended_at: float
    has_retry_after: bool

    @property
    def is_success(self) -> bool:
        """True if the effect was acknowledged."""
        return self.status in (200, 201)


@dataclass
class Load:
    """All attempts so far."""

    attempts: list[Attempt] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)

    def send(self, call: Call) -> Attempt:
        """Send a call once, on a new connection."""
        started_at, has_retry_after = time.monotonic(), False
        status: int | str = CONNECTION_RESET
        try:
            answer = requests.post(
                call.url,
                json=call.body,
                headers=call.headers,
                timeout=RESPONSE_TIMEOUT_SECONDS,
            )
            status = answer.status_code
            has_retry_after = "Retry-After" in answer.headers
        except requests.ConnectionError:
            pass
        attempt = Attempt(
            call.subject, status, started_at, time.monotonic(), has_retry_after
        )
        with self.lock:
            self.attempts.append(attempt)
        return attempt

    def acknowledged(self) -> set[str]:
        """Return the subjects of the calls that succeeded."""
        return {each.subject for each in self.attempts if each.is_success}

    def failures(self) -> Counter[int | str]:
        """Return the number of attempts without success, by status."""
        return Counter(each.status for each in self.attempts if not each.is_success)

    def has_success_after(self, moment: float) -> bool:
        """Return True if a call that began after that moment has succeeded."""
        return any(
            each.is_success for each in self.attempts if each.started_at > moment
        )

    def seconds_of_failures(self, moment: float) -> float:
        """Return the seconds from a moment to the end of the last failed attempt.

        A key in use holds up one request only; all others are served.
        """
        ends = [
            each.ended_at
            for each in self.attempts
            if not (each.is_success or each.status == KEY_IN_USE)
            and each.ended_at > moment
        ]
        return max(ends, default=moment) - moment


@contextmanager
def running_load(*queues: Iterable[Call]) -> Iterator[Load]:
    """Run one client for each sequence of calls while the block runs."""
    load = Load()

    def work(calls: Iterable[Call], stop: Event) -> None:
        for call in calls:
            while not stop.wait(PAUSE_SECONDS):
                if load.send(call).status not in REPEATED_STATUSES:
                    break
            if stop.is_set():
                return

    works = [partial(work, calls) for calls in queues]
    with running_in_threads(works, RESPONSE_TIMEOUT_SECONDS + 5):
        yield load
