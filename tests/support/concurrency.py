"""The core on a test's database, in this process and in others."""

from __future__ import annotations

import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from multiprocessing.synchronize import Barrier as ProcessBarrier
from threading import Barrier, Event, Thread
from time import monotonic
from typing import Any

from peewee import OperationalError
from playhouse.pool import MaxConnectionsExceeded

from coupon_core import bootstrap
from coupon_core.domain.models import (
    AdminReason,
    PurchaseReason,
    Reason,
    Refused,
)
from coupon_core.persistence import database
from coupon_core.persistence.errors import DatabaseBusy
from coupon_core.settings.loader import Settings

STATEMENT_TIMEOUT = "57014"
RACE_TIMEOUT_SECONDS = 60  # after which a race counts as a deadlock

# Forked from a process that has loaded the core but has no threads or connections.
process_context = get_context("forkserver")
process_context.set_forkserver_preload(
    ["tests.support.concurrency", "tests.factories.tenant"]
)

Task = Callable[[], Any]


@contextmanager
def started_core(settings: Settings) -> Iterator[Settings]:
    """Start the core with these settings; close it after the block."""
    bootstrap.start(settings)
    try:
        yield settings
    finally:
        database.close_database()


@contextmanager
def running_in_thread(work: Callable[[Event], object]) -> Iterator[None]:
    """Run the work in a thread while the block runs; its event ends it."""
    stop = Event()
    thread = Thread(target=work, args=(stop,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(60)
    assert not thread.is_alive()


@contextmanager
def running_in_threads(
    works: Iterable[Callable[[Event], object]], join_seconds: float
) -> Iterator[None]:
    """Run each work in a thread while the block runs; their event ends them.

    An error of one of them is raised after the block.
    """
    stop = Event()
    failed: list[BaseException] = []

    def run(work: Callable[[Event], object]) -> None:
        try:
            work(stop)
        except BaseException as error:
            failed.append(error)

    threads = [Thread(target=run, args=[work], daemon=True) for work in works]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join(join_seconds)
    if failed:
        raise failed[0]


@dataclass(frozen=True)
class Unavailable:
    """The outcome if the database was unavailable: a 503 in a gateway."""

    text: str


@dataclass(frozen=True)
class Failure:
    """The outcome of an unexpected error: a 500 in a gateway."""

    text: str


def run_task(task: Task) -> Any:
    """Return the result of a task, its reason to refuse, or its failure."""
    try:
        return task()
    except Refused as refused:
        return refused.reason
    except database.UNAVAILABLE_ERRORS as error:
        return Unavailable(repr(error))
    except Exception:
        return Failure(traceback.format_exc())
    finally:
        database.release_connection()


def _retry_while_busy(task: Task) -> Any:
    # As clients do. On a slow machine not all threads get a connection in time, nor all
    # writers their turn: SQLite's one, or those that wait for a row of another.
    deadline = monotonic() + RACE_TIMEOUT_SECONDS / 2
    while True:
        try:
            return task()
        except (OperationalError, MaxConnectionsExceeded) as error:
            if monotonic() > deadline or not _is_out_of_time(error):
                raise


def _is_out_of_time(error: Exception) -> bool:
    """Return True if an operation has waited in vain; deadlocks are no such thing."""
    if isinstance(error, DatabaseBusy):
        return not database.is_postgresql()
    sqlstate = getattr(getattr(error, "orig", None), "sqlstate", None)
    return isinstance(error, MaxConnectionsExceeded) or sqlstate == STATEMENT_TIMEOUT


def run_concurrently(tasks: Sequence[Task]) -> list[Any]:
    """Start all tasks at the same moment in threads; return outcomes in order."""
    return _run_concurrently(tasks, Barrier(len(tasks)))


def _run_concurrently(tasks: Sequence[Task], barrier: Barrier) -> list[Any]:
    outcomes: list[Any] = [Failure("the task did not end in time")] * len(tasks)

    def run(index: int) -> None:
        barrier.wait(RACE_TIMEOUT_SECONDS)
        outcomes[index] = run_task(partial(_retry_while_busy, tasks[index]))

    threads = [
        Thread(target=run, args=[index], daemon=True) for index in range(len(tasks))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(RACE_TIMEOUT_SECONDS)
    return outcomes


def run_concurrently_in_processes(
    settings: Settings, tasks: Sequence[Task], process_count: int = 3
) -> list[Any]:
    """Run tasks at the same moment in threads of several processes."""
    shares = [list(tasks[index::process_count]) for index in range(process_count)]
    barrier = process_context.Barrier(process_count)
    pipes = [process_context.Pipe(duplex=False) for _ in shares]
    workers = [
        process_context.Process(
            target=_run_share, args=(settings, share, barrier, sender)
        )
        for share, (_, sender) in zip(shares, pipes, strict=True)
    ]
    for worker in workers:
        worker.start()
    outcomes = [receiver.recv() for receiver, _ in pipes]
    for worker in workers:
        worker.join(RACE_TIMEOUT_SECONDS)
    return [outcome for share in outcomes for outcome in share]


def _run_share(
    settings: Settings, tasks: list[Task], barrier: ProcessBarrier, sender: Any
) -> None:
    with started_core(settings):
        release = partial(barrier.wait, RACE_TIMEOUT_SECONDS)
        sender.send(_run_concurrently(tasks, Barrier(len(tasks), action=release)))


def count_outcomes(outcomes: Sequence[Any]) -> Counter[str]:
    """Count successes, and refusals by reason; fail on any other outcome."""
    failed = [
        outcome for outcome in outcomes if isinstance(outcome, Unavailable | Failure)
    ]
    assert failed == [], failed[0].text
    return Counter(
        "done" if _is_success(outcome) else str(outcome) for outcome in outcomes
    )


def run_in_turn(tasks: Sequence[Task]) -> Counter[str]:
    """Run tasks one after the other, and count their outcomes."""
    return count_outcomes([run_task(task) for task in tasks])


def _is_success(outcome: Any) -> bool:
    return not isinstance(outcome, Reason | AdminReason | PurchaseReason)
