"""Terminate the children of `couponctl serve all` if it dies, even by SIGKILL.

The guard runs as a separate program by its path, so it may use only the standard
library.
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

GROUP_VARIABLE = "COUPON_GROUP"  # directory with one file per member, named by its PID
POLL_INTERVAL_SECONDS = 0.3
# SIGTERM lets a gateway finish its requests; a process that is left is killed.
TERMINATION_STEPS = ((signal.SIGTERM, 10.0), (signal.SIGKILL, 5.0))


@contextmanager
def guard_process_group(parent_directory: Path) -> Iterator[None]:
    """Within the block, guarantee that no member outlives this process."""
    directory = parent_directory / str(os.getpid())
    directory.mkdir(parents=True, exist_ok=True)
    os.environ[GROUP_VARIABLE] = str(directory)
    null = subprocess.DEVNULL
    subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-IS", __file__, str(os.getpid()), str(directory)],
        stdin=null,
        stdout=null,
        stderr=null,
        start_new_session=True,
    )
    yield
    # Reached only after a normal end, when no member is left. After an exception the
    # directory stays, so the guard can terminate the members.
    shutil.rmtree(directory, ignore_errors=True)


def register_process() -> None:
    """Register this process with the group that started it, if there is one.

    Raises:
        SystemExit: The group has ended meanwhile, so that nothing would end this one.
    """
    if directory := os.environ.get(GROUP_VARIABLE):
        try:
            Path(directory, str(os.getpid())).touch()
        except FileNotFoundError:
            sys.exit("`couponctl serve all`, which started this process, has ended.")


def main(parent_pid: int, directory: Path) -> None:
    """Wait until the parent has ended, then terminate the registered processes."""
    for ignored_signal in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored_signal, signal.SIG_IGN)
    while os.getppid() == parent_pid:
        time.sleep(POLL_INTERVAL_SECONDS)
    members = directory.with_suffix(".ended")
    try:
        directory.rename(members)  # from now on, nobody can register
    except FileNotFoundError:
        return  # a normal end
    for signal_number, timeout_seconds in TERMINATION_STEPS:
        _terminate(members, signal_number, timeout_seconds=timeout_seconds)
    shutil.rmtree(members, ignore_errors=True)


def _terminate(directory: Path, signal_number: int, timeout_seconds: float) -> None:
    _send_signal(directory, signal_number)
    deadline = time.monotonic() + timeout_seconds
    while _send_signal(directory, 0) and time.monotonic() < deadline:
        time.sleep(POLL_INTERVAL_SECONDS)


def _send_signal(directory: Path, signal_number: int) -> bool:
    """Send a signal to all members; return False if none of them exists any more."""
    is_delivered = False
    for file in directory.glob("*"):
        with suppress(ProcessLookupError):
            os.kill(int(file.name), signal_number)
            is_delivered = True
    return is_delivered


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
