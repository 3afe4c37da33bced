"""`python -m workers [NAME …]`: the named workers, by default all of them."""

import os
import signal
import sys
import threading
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import NoReturn

import structlog

from coupon_core import bootstrap
from coupon_core.messaging.topology import BadBroker, broker_kind
from coupon_core.settings import loader
from coupon_core.settings.loader import BadSettings, Settings
from workers import (
    batch_generator,
    consumer,
    maintenance,
    outbox_relay,
    webhook_deliverer,
    webhook_fanout,
)
from workers.backlog_metrics import Backlog
from workers.heartbeat import Heartbeat, forget_the_dead

log = structlog.get_logger("coupon.workers")

USAGE_ERROR = 2
LOOK_SECONDS = 0.2
# A statement takes four seconds at most; a bus that is away may take for ever.
GRACE_SECONDS = 4.3


@dataclass(frozen=True, slots=True)
class Post:
    """What a worker is given: its settings, when to stop, how to tell it is alive."""

    broker_url: str
    visibility: int
    stop: threading.Event
    beat: Callable[[], None]


WORKERS: dict[str, Callable[[Post], None]] = {
    "consumer": lambda post: consumer.run(
        post.broker_url, post.visibility, post.stop, post.beat
    ),
    "generator": lambda post: batch_generator.run(
        post.broker_url, post.visibility, post.stop, post.beat
    ),
    "relay": lambda post: outbox_relay.run(post.broker_url, post.stop, post.beat),
    "fanout": lambda post: webhook_fanout.run(
        post.broker_url, post.visibility, post.stop, post.beat
    ),
    "deliverer": lambda post: webhook_deliverer.run(post.stop, post.beat),
    "sweeper": lambda post: maintenance.run(post.stop, post.beat),
}


def main(names: list[str]) -> int:
    """Run workers until SIGTERM or SIGINT; 2 for an unknown name or bad settings."""
    if unknown := sorted(set(names) - WORKERS.keys()):
        return _refuse(f"unknown worker {unknown[0]}; there are {', '.join(WORKERS)}")
    try:
        settings = loader.load()
        broker_kind(settings.broker_url)
        bootstrap.start(settings)
        bootstrap.show_metrics("workers", settings, [Backlog(settings.broker_url)])
    except (BadSettings, BadBroker) as error:
        return _refuse(str(error))
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return _run(names or list(WORKERS), settings, stop)


def _refuse(why: str) -> int:
    print(why, file=sys.stderr)
    return USAGE_ERROR


def _run(names: list[str], settings: Settings, stop: threading.Event) -> int:
    """Each worker in a thread of its own; should one fail, all stop."""
    directory = settings.data_dir / "workers"
    forget_the_dead(directory)
    threads = ThreadPoolExecutor(len(names))
    running = [threads.submit(_work, name, settings, stop) for name in names]
    # Not stop.wait(): the signal's handler, in this thread, might find its lock taken.
    while not (stop.is_set() or any(worker.done() for worker in running)):
        wait(running, LOOK_SECONDS, FIRST_COMPLETED)
    stop.set()
    _, waiting = wait(running, GRACE_SECONDS)
    if waiting:
        _leave()
    for worker in running:
        worker.result()
    return 0


def _leave() -> NoReturn:
    """End while a worker waits for what does not answer; as safe as kill -9 is.

    What was not acknowledged comes again, and what was committed stays.
    """
    log.warning("ended without waiting any longer", seconds=GRACE_SECONDS)
    os._exit(0)


def _work(name: str, settings: Settings, stop: threading.Event) -> None:
    heartbeat = Heartbeat(settings.data_dir / "workers", name)
    bus = settings.broker_url, settings.visibility_seconds
    WORKERS[name](Post(*bus, stop, heartbeat.beat))
    heartbeat.end()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
