"""Heartbeat files that show that the workers of this process are alive."""

import os
from pathlib import Path

from coupon_core.observability.process_status import is_alive
from workers.interval_timer import IntervalTimer

BEAT_INTERVAL_SECONDS = 2.0


class Heartbeat:
    """A file `NAME-PID` that is touched while a worker makes progress.

    It exists once the worker has done its first round of work or, while the database or
    the broker is unavailable, has tried to.
    """

    def __init__(self, directory: Path, name: str) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.name, self.path = name, directory / f"{name}-{os.getpid()}"
        self.timer = IntervalTimer(BEAT_INTERVAL_SECONDS)

    def beat(self) -> None:
        """Touch the file, at most once per `BEAT_INTERVAL_SECONDS`."""
        if self.timer.is_due():
            self.path.touch()

    def end(self) -> None:
        """Remove the file after a regular end."""
        self.path.unlink(missing_ok=True)


def remove_stale_heartbeats(directory: Path) -> None:
    """Remove the files of processes that no longer exist.

    Call it before this process has any. In a container, the process before had its ID.
    """
    for path in directory.glob("*-*"):
        pid = path.name.rpartition("-")[2]
        if pid.isdecimal() and (int(pid) == os.getpid() or not is_alive(int(pid))):
            path.unlink(missing_ok=True)
