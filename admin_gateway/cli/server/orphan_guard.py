"""Ends what `couponctl serve all` has started, should that be killed: kill -9 as well.

A program of its own, run by its path with nothing but the standard library.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

GROUP_VARIABLE = "COUPON_GROUP"  # tells members where the guard looks for their numbers
POLL_INTERVAL_SECONDS = 0.3
# A gateway finishes what is under way; who has not ended then is killed.
TERMINATION_STEPS = ((signal.SIGTERM, 10.0), (signal.SIGKILL, 5.0))


@contextmanager
def guard_process_group(parent_directory: Path) -> Iterator[None]:
    """Within the block the guard sees to it that no member outlives this process."""
    directory = parent_directory / str(os.getpid())
    directory.mkdir(parents=True, exist_ok=True)
    os.environ[GROUP_VARIABLE] = str(directory)
    null = subprocess.DEVNULL
    subprocess.Popen(  # noqa: S603 - ourselves
        [sys.executable, "-IS", __file__, str(os.getpid()), str(directory)],
        stdin=null,
        stdout=null,
        stderr=null,
        start_new_session=True,
    )
    yield
    # All have ended. Had something been raised, the guard would find their numbers.
    shutil.rmtree(directory, ignore_errors=True)


def register_process() -> None:
    """Be a member of the group that has started this process, if one has."""
    if directory := os.environ.get(GROUP_VARIABLE):
        with suppress(OSError):
            Path(directory, str(os.getpid())).touch()


def main(parent_pid: int, directory: Path) -> None:
    """Wait until the parent is no more; then end whose numbers are files here."""
    for ignored_signal in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored_signal, signal.SIG_IGN)
    while os.getppid() == parent_pid:
        time.sleep(POLL_INTERVAL_SECONDS)
    for signal_number, timeout_seconds in TERMINATION_STEPS:
        _terminate(directory, signal_number, timeout_seconds=timeout_seconds)
    shutil.rmtree(directory, ignore_errors=True)


def _terminate(directory: Path, signal_number: int, timeout_seconds: float) -> None:
    _send_signal(directory, signal_number)
    deadline = time.monotonic() + timeout_seconds
    while _send_signal(directory, 0) and time.monotonic() < deadline:
        time.sleep(POLL_INTERVAL_SECONDS)


def _send_signal(directory: Path, signal_number: int) -> bool:
    """Send a signal to all; False when none of them is there any more."""
    is_delivered = False
    for file in directory.glob("*"):
        with suppress(ProcessLookupError):
            os.kill(int(file.name), signal_number)
            is_delivered = True
    return is_delivered


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
