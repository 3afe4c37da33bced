"""Bars on stderr that tell how far many codes are; none where nobody looks."""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from coupon_core.domain.models.inventory import CodeJob

Item = TypeVar("Item")
Told = Callable[[int], None]


@contextmanager
def bar(what: str, total: int | None) -> Iterator[Told]:
    """A bar with rate and time left; gives what tells it how much is done."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.progress import TimeRemainingColumn as Remaining

    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
    speed = TextColumn("{task.fields[rate]}/s")
    console = Console(stderr=True)
    hidden = not sys.stderr.isatty()
    with Progress(
        *columns, speed, Remaining(), console=console, disable=hidden, transient=True
    ) as progress:
        task = progress.add_task(what, total=total, rate="-")

        def tell(done: int) -> None:
            rate = progress.tasks[0].speed or 0.0
            progress.update(task, completed=done, rate=f"{rate:,.0f}")

        yield tell


def counted(
    items: Iterable[Item], tell: Told, size: Callable[[Item], int]
) -> Iterator[Item]:
    """The same items; each tells how much has passed by with it."""
    passed = 0
    for item in items:
        passed += size(item)
        tell(passed)
        yield item


def of_job(tell: Told) -> Callable[[CodeJob], None]:
    """What a job tells its progress to."""
    return lambda job: tell(job.done_count + job.skipped_count)
