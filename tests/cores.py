"""The core on a database of the test's, in this process and in others."""

from __future__ import annotations

import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from multiprocessing.synchronize import Barrier as ProcessBarrier
from threading import Barrier, Event, Thread
from typing import Any

from coupon_core import bootstrap
from coupon_core.domain.models import (
    AdminReason,
    PurchaseReason,
    Reason,
    Refused,
)
from coupon_core.persistence import database
from coupon_core.settings.loader import Settings

PATIENCE = 60  # seconds after which a race is called a hang

# Forked from a process that has the core loaded, but neither threads nor connections.
processes = get_context("forkserver")
processes.set_forkserver_preload(["tests.cores", "tests.shop"])

Task = Callable[[], Any]


@contextmanager
def started(settings: Settings) -> Iterator[Settings]:
    """The core at work with these settings; closed after the block."""
    bootstrap.start(settings)
    try:
        yield settings
    finally:
        database.close_database()


@contextmanager
def beside(work: Callable[[Event], object]) -> Iterator[None]:
    """The work in a thread of this process while the block runs; its event ends it."""
    stop = Event()
    thread = Thread(target=work, args=(stop,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(10)
    assert not thread.is_alive()


@dataclass(frozen=True)
class Unavailable:
    """The outcome of what the database could not do: a 503 in a gateway."""

    text: str


@dataclass(frozen=True)
class Failure:
    """The outcome of what nobody foresaw: a 500 in a gateway."""

    text: str


def outcome(task: Task) -> Any:
    """What the task gives, why it was refused, or how it failed."""
    try:
        return task()
    except Refused as refused:
        return refused.reason
    except database.UNAVAILABLE as error:
        return Unavailable(repr(error))
    except Exception:
        return Failure(traceback.format_exc())
    finally:
        database.release()


def at_once(tasks: Sequence[Task]) -> list[Any]:
    """The outcomes of tasks that threads begin at the same moment, in their order."""
    return _at_once(tasks, Barrier(len(tasks)))


def _at_once(tasks: Sequence[Task], barrier: Barrier) -> list[Any]:
    outcomes: list[Any] = [Failure("it never ended")] * len(tasks)

    def run(place: int) -> None:
        barrier.wait(PATIENCE)
        outcomes[place] = outcome(tasks[place])

    threads = [Thread(target=run, args=[at], daemon=True) for at in range(len(tasks))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    return outcomes


def at_once_in_processes(
    settings: Settings, tasks: Sequence[Task], count: int = 3
) -> list[Any]:
    """As `at_once`, with the tasks dealt out to threads of several processes."""
    shares = [list(tasks[at::count]) for at in range(count)]
    barrier = processes.Barrier(count)
    pipes = [processes.Pipe(duplex=False) for _ in shares]
    workers = [
        processes.Process(target=_work, args=(settings, share, barrier, sender))
        for share, (_, sender) in zip(shares, pipes, strict=True)
    ]
    for worker in workers:
        worker.start()
    outcomes = [receiver.recv() for receiver, _ in pipes]
    for worker in workers:
        worker.join(PATIENCE)
    return [one for share in outcomes for one in share]


def _work(
    settings: Settings, tasks: list[Task], barrier: ProcessBarrier, sender: Any
) -> None:
    with started(settings):
        release = partial(barrier.wait, PATIENCE)
        sender.send(_at_once(tasks, Barrier(len(tasks), action=release)))


def tally(outcomes: Sequence[Any]) -> Counter[str]:
    """How many succeeded, and how many were refused for which reason."""
    failed = [one for one in outcomes if isinstance(one, Unavailable | Failure)]
    assert failed == []
    return Counter("done" if _is_done(one) else str(one) for one in outcomes)


def _is_done(outcome: Any) -> bool:
    return not isinstance(outcome, Reason | AdminReason | PurchaseReason)
