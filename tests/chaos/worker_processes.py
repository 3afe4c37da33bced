"""Worker processes that are killed and replaced."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from typing import IO

from coupon_core.messaging.broker import create_connection, list_worker_queues
from coupon_core.settings.loader import Settings
from tests.support.forked_programs import ForkedProgram, is_forkable, start_fork
from tests.support.installations import THIS_RELEASE, Installation
from tests.support.log_secrets import check_log, get_verbose_level
from tests.support.paths import PROJECT_ROOT
from tests.support.servers import RabbitServer, RedisServer
from tests.support.servers.process import wait_until

Broker = RedisServer | RabbitServer
WorkerProcess = subprocess.Popen[bytes] | ForkedProgram
# RabbitMQ 3.10 loses a quorum queue for good if it is killed within a second of the
# queue's declaration: measured broken after 0.6 s, whole after 1 s.
DECLARATION_SETTLING_SECONDS = 3


def declare_worker_queues(broker: Broker) -> None:
    """Declare the workers' queues, and wait until a killed broker still has them."""
    with create_connection(broker.url) as connection:
        for queue in list_worker_queues(broker.url):
            queue(connection.default_channel).declare()
    if isinstance(broker, RabbitServer):
        time.sleep(DECLARATION_SETTLING_SECONDS)


def build_environment(settings: Settings) -> dict[str, str]:
    """Return the environment that gives a process the same settings."""
    return {
        **os.environ,
        "COUPON_DATA_DIR": str(settings.data_dir),
        "COUPON_DATABASE_URL": settings.database_url,
        "COUPON_MASTER_KEYS": ",".join(settings.master_keys),
        "COUPON_BROKER_URL": settings.broker_url,
        "COUPON_LOG_LEVEL": get_verbose_level(settings),
        "COUPON_METRICS_PORT": str(settings.metrics_port),
        "COUPON_TRACES_URL": settings.traces_url,
        "COUPON_VISIBILITY_SECONDS": str(settings.visibility_seconds),
        "COUPON_WEBHOOK_NETWORKS": ",".join(settings.webhook_networks),
    }


@dataclass
class WorkerGroup:
    """Processes of one kind of worker."""

    name: str
    environment: Mapping[str, str]
    log: Path
    tree: Path = PROJECT_ROOT
    processes: list[WorkerProcess] = field(default_factory=list)
    kill_count: int = 0

    def start_process(self) -> WorkerProcess:
        """Start another process."""
        command = [sys.executable, "-m", "workers", self.name]
        with self.log.open("ab") as log:
            process = start_worker(command, self.environment, self.tree, log)
        self.processes.append(process)
        return process

    def kill_process(self, process: WorkerProcess) -> None:
        """Kill a process as in a power failure."""
        process.kill()
        process.wait()
        self.processes.remove(process)
        self.kill_count += 1

    def stop_all(self) -> list[int]:
        """Stop all processes gracefully; return their exit statuses."""
        for process in self.processes:
            process.send_signal(signal.SIGTERM)
        return [process.wait(60) for process in self.processes]


def start_worker(
    command: Sequence[str], environment: Mapping[str, str], tree: Path, log: IO[bytes]
) -> WorkerProcess:
    """Start a worker, which is forked if it is of this tree."""
    if is_forkable(command, environment):
        return start_fork(command, environment, tree, log)
    return subprocess.Popen(
        command, cwd=tree, env=dict(environment), stdout=log, stderr=log
    )


@contextmanager
def worker_group(
    name: str,
    count: int,
    settings: Settings,
    installation: Installation = THIS_RELEASE,
) -> Iterator[WorkerGroup]:
    """Run workers while the block runs."""
    log = settings.data_dir / f"{name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    environment = build_environment(settings) | installation.build_environment()
    members = WorkerGroup(name, environment, log, installation.tree)
    try:
        for _ in range(count):
            members.start_process()
        yield members
    finally:
        for process in members.processes:
            process.kill()
            process.wait()
    check_log(log, settings)


MIN_KILLS = 2  # of each kind, however long the machine takes for them


@contextmanager
def killing_workers(
    workers: WorkerGroup, pauses: tuple[float, float], rng: random.Random
) -> Iterator[None]:
    """Kill a random worker at random intervals, and replace it at once."""
    count_before = workers.kill_count
    stop = Event()

    def work() -> None:
        while not stop.wait(rng.uniform(*pauses)):
            workers.kill_process(rng.choice(workers.processes))
            workers.start_process()

    with running_in_background(work, stop):
        yield
        wait_until(lambda: workers.kill_count >= count_before + MIN_KILLS, 60, "kills")


@contextmanager
def killing_broker(broker: Broker, up: float, down: float) -> Iterator[list[float]]:
    """Kill the broker every `up` seconds for at least `down` seconds."""
    stop, deaths = Event(), list[float]()

    def work() -> None:
        while not stop.wait(up):
            broker.stop(signal.SIGKILL)
            deaths.append(down)
            stop.wait(down)
            broker.start()

    with running_in_background(work, stop):
        yield deaths
        wait_until(lambda: bool(deaths), 60, "a death of the broker")


@contextmanager
def running_in_background(work: object, stop: Event) -> Iterator[None]:
    """Run the work in a thread that stops after the block."""
    failed: list[BaseException] = []

    def watched() -> None:
        try:
            work()
        except BaseException as error:
            failed.append(error)

    thread = Thread(target=watched, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(150)  # a broker needs time to start
    if failed:
        raise failed[0]
