"""Test the counters of one process: windows, bounded memory, threads."""

from __future__ import annotations

import time

from coupon_core.security.rate_limiting import process_counters
from coupon_core.security.rate_limiting.policy import RateLimit
from coupon_core.security.rate_limiting.process_counters import ProcessCounters
from tests.support.concurrency import run_concurrently

MINUTE = RateLimit("calls", 5, 60)


def test_events_are_counted_per_limit_and_key() -> None:
    counters = ProcessCounters()
    counts = [counters.count(MINUTE, "a")[0] for _ in range(3)]
    assert counts == [1, 2, 3]
    assert counters.count(MINUTE, "b")[0] == 1
    assert counters.count(RateLimit("other", 5, 60), "a")[0] == 1


def test_window_ends_and_begins_with_the_next_event() -> None:
    counters = ProcessCounters()
    short = RateLimit("calls", 5, 1)
    assert counters.count(short, "a")[0] == 1
    count, remaining = counters.count(short, "a")
    assert count == 2
    time.sleep(remaining + 0.01)
    assert counters.count(short, "a")[0] == 1


def test_memory_is_bounded_and_the_newest_windows_stay() -> None:
    counters = ProcessCounters()
    for number in range(process_counters.MAX_WINDOWS + 1):
        counters.count(MINUTE, str(number))
    assert len(counters._windows) <= process_counters.MAX_WINDOWS
    assert counters.count(MINUTE, str(process_counters.MAX_WINDOWS))[0] == 2


def test_threads_lose_no_event() -> None:
    counters = ProcessCounters()

    def task() -> None:
        for _ in range(500):
            counters.count(MINUTE, "a")

    run_concurrently([task] * 8)
    assert counters.count(MINUTE, "a")[0] == 4_001
