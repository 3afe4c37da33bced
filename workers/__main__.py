"""`python -m workers [consumer] [relay]`: the named workers, by default all of them."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from pathlib import Path

from coupon_core import config, messaging, process
from coupon_core.config import Settings
from workers import consumer, relay

HEARTBEAT_SECONDS = 2.0

Worker = Callable[[str, threading.Event, Callable[[], None]], None]
WORKERS: dict[str, Worker] = {"consumer": consumer.run, "relay": relay.run}


def main(names: list[str]) -> int:
    """Run workers until SIGTERM or SIGINT; 2 for an unknown name or bad settings."""
    unknown = sorted(set(names) - WORKERS.keys())
    if unknown:
        print(f"unknown worker {unknown[0]}; there are {', '.join(WORKERS)}")
        return 2
    settings = config.load()
    messaging.broker_kind(settings.broker_url)
    process.start(settings)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return _run(names or list(WORKERS), settings, stop)


def _run(names: list[str], settings: Settings, stop: threading.Event) -> int:
    """Each worker in a thread of its own; should one fail, all stop."""
    heartbeat = Heartbeat(settings.data_dir / "workers")
    with ThreadPoolExecutor(len(names)) as threads:
        running = [
            threads.submit(WORKERS[name], settings.broker_url, stop, heartbeat.beat)
            for name in names
        ]
        wait(running, return_when=FIRST_COMPLETED)
        stop.set()
    heartbeat.end()
    for worker in running:
        worker.result()
    return 0


class Heartbeat:
    """A file that is touched while this process works, so that others can tell."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.path = directory / f"{os.getpid()}.heartbeat"
        self.due = 0.0

    def beat(self) -> None:
        """Tell that the process works; costs nothing when it has just been told."""
        if time.monotonic() >= self.due:
            self.path.touch()
            self.due = time.monotonic() + HEARTBEAT_SECONDS

    def end(self) -> None:
        """Tell that the process has ended as it should."""
        self.path.unlink(missing_ok=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
