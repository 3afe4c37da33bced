"""`python -m workers [NAME …]`: the named workers, by default all of them."""

import signal
import sys
import threading
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass

from coupon_core import config, process
from coupon_core.config import BadSettings, Settings
from coupon_core.messaging.topology import BadBroker, broker_kind
from workers import consumer, deliverer, fanout, generator, relay, sweeper
from workers.backlog import Backlog
from workers.heartbeat import Heartbeat, forget_the_dead

USAGE_ERROR = 2


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
    "generator": lambda post: generator.run(
        post.broker_url, post.visibility, post.stop, post.beat
    ),
    "relay": lambda post: relay.run(post.broker_url, post.stop, post.beat),
    "fanout": lambda post: fanout.run(
        post.broker_url, post.visibility, post.stop, post.beat
    ),
    "deliverer": lambda post: deliverer.run(post.stop, post.beat),
    "sweeper": lambda post: sweeper.run(post.stop, post.beat),
}


def main(names: list[str]) -> int:
    """Run workers until SIGTERM or SIGINT; 2 for an unknown name or bad settings."""
    if unknown := sorted(set(names) - WORKERS.keys()):
        return _refuse(f"unknown worker {unknown[0]}; there are {', '.join(WORKERS)}")
    try:
        settings = config.load()
        broker_kind(settings.broker_url)
        process.start(settings)
        process.show_metrics("workers", settings, [Backlog(settings.broker_url)])
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
    with ThreadPoolExecutor(len(names)) as threads:
        running = [threads.submit(_work, name, settings, stop) for name in names]
        wait(running, return_when=FIRST_COMPLETED)
        stop.set()
    for worker in running:
        worker.result()
    return 0


def _work(name: str, settings: Settings, stop: threading.Event) -> None:
    heartbeat = Heartbeat(settings.data_dir / "workers", name)
    bus = settings.broker_url, settings.visibility_seconds
    WORKERS[name](Post(*bus, stop, heartbeat.beat))
    heartbeat.end()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
