"""Heartbeats of the workers: files in the data directory that they touch."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

DIRECTORY_NAME = "workers"
MAX_AGE_SECONDS = 10.0  # workers touch their file every two seconds


@dataclass(frozen=True, slots=True)
class WorkerHeartbeat:
    """A worker process of this machine, and when it last made progress."""

    name: str
    pid: int
    seconds_ago: float
    alive: bool


def list_heartbeats(data_dir: Path) -> list[WorkerHeartbeat]:
    """Return the workers that share a data directory, by name."""
    files = sorted((data_dir / DIRECTORY_NAME).glob("*-*"))
    return [heartbeat for file in files for heartbeat in _read_heartbeat(file)]


def _read_heartbeat(file: Path) -> Iterator[WorkerHeartbeat]:
    name, _, pid = file.name.rpartition("-")
    try:
        seconds = round(max(0.0, time.time() - file.stat().st_mtime), 1)
    except OSError:  # the worker has just ended
        return
    if pid.isdecimal():
        alive = seconds < MAX_AGE_SECONDS
        yield WorkerHeartbeat(name, int(pid), seconds_ago=seconds, alive=alive)
