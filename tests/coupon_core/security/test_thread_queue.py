"""The queue for operations that occupy threads."""

from __future__ import annotations

from contextlib import ExitStack
from threading import Event

import pytest

from coupon_core.security.thread_queue import ThreadQueue
from tests.support.concurrency import running_in_thread


class Busy(Exception):
    """The queue is full, or it took too long."""


def test_a_few_threads_wait_and_further_ones_are_refused_at_once() -> None:
    queue = ThreadQueue(1, 1, max_seconds=30, build_error=Busy)
    is_waiting, has_run = Event(), Event()

    def wait(_stop: Event) -> None:
        is_waiting.set()
        with queue.take_turn():
            has_run.set()

    holder = ExitStack()
    holder.enter_context(queue.take_turn())
    with running_in_thread(wait):
        is_waiting.wait()
        while queue._places.acquire(blocking=False):
            queue._places.release()  # until the other thread has its place
        with pytest.raises(Busy), queue.take_turn():
            pytest.fail("it was its turn")
        assert not has_run.is_set()
        holder.close()
        assert has_run.wait(60)


def test_after_an_error_or_a_timeout_the_next_has_its_turn() -> None:
    queue = ThreadQueue(1, 1, max_seconds=0.001, build_error=Busy)
    with pytest.raises(ValueError, match="x"), queue.take_turn():
        raise ValueError("x")
    with queue.take_turn(), pytest.raises(Busy), queue.take_turn():
        pytest.fail("it was its turn")
    with queue.take_turn():
        pass
