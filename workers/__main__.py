"""Run workers: `python -m workers [NAME …]`, by default all of them."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import NoReturn

import structlog
from gunicorn.systemd import sd_notify

from coupon_core import bootstrap
from coupon_core.messaging.topology import UnsupportedBroker, parse_broker_kind
from coupon_core.observability import tracing
from coupon_core.observability.heartbeats import DIRECTORY_NAME
from coupon_core.services.process_announcement import AnnouncementThread
from coupon_core.settings import loader
from coupon_core.settings.loader import InvalidSettings, Settings
from workers import (
    batch_generator,
    consumer,
    counter,
    maintenance,
    outbox_relay,
    webhook_deliverer,
    webhook_fanout,
)
from workers.backlog_metrics import BacklogCollector
from workers.heartbeat import Heartbeat, remove_stale_heartbeats

log = structlog.get_logger("coupon.workers")

USAGE_ERROR = 2
POLL_SECONDS = 0.2
# A statement takes four seconds at most; an unavailable broker may never respond.
SHUTDOWN_GRACE_SECONDS = 4.3


@dataclass(frozen=True, slots=True)
class WorkerContext:
    """The settings of a worker, its stop signal and its heartbeat function."""

    broker_url: str
    visibility_seconds: int
    stop: threading.Event
    beat: Callable[[], None]


WORKERS: dict[str, Callable[[WorkerContext], None]] = {
    "consumer": lambda context: consumer.run(
        context.broker_url, context.visibility_seconds, context.stop, context.beat
    ),
    "generator": lambda context: batch_generator.run(
        context.broker_url, context.visibility_seconds, context.stop, context.beat
    ),
    "relay": lambda context: outbox_relay.run(
        context.broker_url, context.stop, context.beat
    ),
    "fanout": lambda context: webhook_fanout.run(
        context.broker_url, context.visibility_seconds, context.stop, context.beat
    ),
    "deliverer": lambda context: webhook_deliverer.run(context.stop, context.beat),
    "counter": lambda context: counter.run(context.stop, context.beat),
    "sweeper": lambda context: maintenance.run(context.stop, context.beat),
}


def main(names: list[str]) -> int:
    """Run workers until SIGTERM or SIGINT; return the exit code.

    It is 2 for an unknown worker name or invalid settings.
    """
    if unknown := sorted(set(names) - WORKERS.keys()):
        return _print_usage_error(
            f'Unknown worker "{unknown[0]}": expected one of {", ".join(WORKERS)}.'
        )
    try:
        settings = loader.load()
        parse_broker_kind(settings.broker_url)
        bootstrap.start(settings)
        bootstrap.start_tracing("workers", settings)
        loader.warn_about_unknown_variables()
        bootstrap.start_metrics_server(
            "workers", settings, [BacklogCollector(settings.broker_url)]
        )
    except (InvalidSettings, UnsupportedBroker) as error:
        return _print_usage_error(str(error))
    stop = threading.Event()
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signal_number, lambda *_: stop.set())
    return _run_workers(names or list(WORKERS), settings, stop)


def _print_usage_error(message: str) -> int:
    print(message, file=sys.stderr)
    return USAGE_ERROR


def _run_workers(names: list[str], settings: Settings, stop: threading.Event) -> int:
    """Run each worker in a thread of its own; stop all of them if one fails."""
    directory = settings.data_dir / DIRECTORY_NAME
    remove_stale_heartbeats(directory)
    announcement = AnnouncementThread("workers")
    announcement.start()
    executor = ThreadPoolExecutor(len(names))
    heartbeats = [Heartbeat(directory, name) for name in names]
    workers = [
        executor.submit(_run_worker, heartbeat, settings, stop)
        for heartbeat in heartbeats
    ]
    _wait_for_end(workers, heartbeats, stop)
    stop.set()
    _, unfinished = wait(workers, SHUTDOWN_GRACE_SECONDS)
    announcement.stop()
    tracing.stop()
    if unfinished:
        _exit_immediately()
    for worker in workers:
        worker.result()
    return 0


def _wait_for_end(
    workers: Sequence[Future[None]],
    heartbeats: Sequence[Heartbeat],
    stop: threading.Event,
) -> None:
    """Wait until one worker has ended or `stop` is set.

    Meanwhile, say to systemd that the process is ready once every worker is at work.
    """
    is_ready = False
    # Not stop.wait(): the signal handler runs in this thread and could deadlock on the
    # lock of the event.
    while not (stop.is_set() or any(worker.done() for worker in workers)):
        wait(workers, POLL_SECONDS, FIRST_COMPLETED)
        if not is_ready and all(heartbeat.path.exists() for heartbeat in heartbeats):
            is_ready = True
            sd_notify("READY=1", log)
    sd_notify("STOPPING=1", log)


def _exit_immediately() -> NoReturn:
    """End the process although a worker still waits; as safe as `kill -9`.

    Unacknowledged messages are delivered again, and committed changes persist.
    """
    log.warning("ended without waiting any longer", seconds=SHUTDOWN_GRACE_SECONDS)
    os._exit(0)


def _run_worker(
    heartbeat: Heartbeat, settings: Settings, stop: threading.Event
) -> None:
    context = WorkerContext(
        broker_url=settings.broker_url,
        visibility_seconds=settings.visibility_seconds,
        stop=stop,
        beat=heartbeat.beat,
    )
    WORKERS[heartbeat.name](context)
    heartbeat.end()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
