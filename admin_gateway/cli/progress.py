"""Progress bars on stderr for bulk work; hidden unless stderr is a terminal."""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from coupon_core.domain.models.inventory import CodeJob

Item = TypeVar("Item")
ProgressReporter = Callable[[int], None]


@contextmanager
def progress_bar(label: str, total: int | None) -> Iterator[ProgressReporter]:
    """Show a bar with rate and remaining time; yield a function that updates it."""
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
        task = progress.add_task(label, total=total, rate="-")

        def report_progress(done: int) -> None:
            rate = progress.tasks[0].speed or 0.0
            progress.update(task, completed=done, rate=f"{rate:,.0f}")

        yield report_progress


def track_progress(
    items: Iterable[Item],
    report_progress: ProgressReporter,
    size: Callable[[Item], int],
) -> Iterator[Item]:
    """Yield the items and report the total size of those yielded so far."""
    total = 0
    for item in items:
        total += size(item)
        report_progress(total)
        yield item


def job_progress_reporter(
    report_progress: ProgressReporter,
) -> Callable[[CodeJob], None]:
    """Return a callback that reports the progress of a job."""
    return lambda job: report_progress(job.done_count + job.skipped_count)
