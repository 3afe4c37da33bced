"""Progress bars on stderr for bulk work; hidden unless stderr is a terminal."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import BinaryIO

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


class ReportingFile:
    """A binary file that reports how many of its bytes have been read."""

    def __init__(self, file: BinaryIO, report_progress: ProgressReporter) -> None:
        self._file, self._report, self._done = file, report_progress, 0
        self.seekable = file.seekable

    def seek(self, position: int) -> None:
        """Continue at another position, as a repeated upload does."""
        self._done = self._file.seek(position)

    def read(self, size: int) -> bytes:
        """Return the next bytes."""
        chunk = self._file.read(size)
        self._done += len(chunk)
        self._report(self._done)
        return chunk


def get_file_size(file: BinaryIO) -> int | None:
    """Return the size of a file in bytes; None for a pipe."""
    try:
        return os.fstat(file.fileno()).st_size or None
    except OSError:
        return None
