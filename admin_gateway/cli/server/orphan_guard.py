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

GROUP = "COUPON_GROUP"  # tells members where the guard looks for their numbers
LOOK_SECONDS = 0.3
# A gateway finishes what is under way; who has not ended then is killed.
WAYS = ((signal.SIGTERM, 10.0), (signal.SIGKILL, 5.0))


@contextmanager
def guarding(place: Path) -> Iterator[None]:
    """Within the block the guard sees to it that no member outlives this process."""
    directory = place / str(os.getpid())
    directory.mkdir(parents=True, exist_ok=True)
    os.environ[GROUP] = str(directory)
    null = subprocess.DEVNULL
    subprocess.Popen(  # noqa: S603 - ourselves
        [sys.executable, "-IS", __file__, str(os.getpid()), str(directory)],
        **{"stdin": null, "stdout": null, "stderr": null, "start_new_session": True},
    )
    yield
    # All have ended. Had something been raised, the guard would find their numbers.
    shutil.rmtree(directory, ignore_errors=True)


def join() -> None:
    """Be a member of the group that has started this process, if one has."""
    if directory := os.environ.get(GROUP):
        with suppress(OSError):
            Path(directory, str(os.getpid())).touch()


def main(parent: int, directory: Path) -> None:
    """Wait until the parent is no more; then end whose numbers are files here."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    while os.getppid() == parent:
        time.sleep(LOOK_SECONDS)
    for way in WAYS:
        _end(directory, *way)
    shutil.rmtree(directory, ignore_errors=True)


def _end(directory: Path, number: int, seconds: float) -> None:
    _tell(directory, number)
    deadline = time.monotonic() + seconds
    while _tell(directory, 0) and time.monotonic() < deadline:
        time.sleep(LOOK_SECONDS)


def _tell(directory: Path, number: int) -> bool:
    """Send a signal to all; False when none of them is there any more."""
    told = False
    for file in directory.glob("*"):
        with suppress(ProcessLookupError):
            os.kill(int(file.name), number)
            told = True
    return told


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
