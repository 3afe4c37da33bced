"""Worker processes that are killed and replaced."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread

from coupon_core.settings.loader import Settings
from tests.hidden import check_log, loudest
from tests.servers import RabbitServer, RedisServer

ROOT = Path(__file__).parents[2]
Broker = RedisServer | RabbitServer


def environment_of(settings: Settings) -> dict[str, str]:
    """What a process of its own is told, so that it has the same settings."""
    return {
        **os.environ,
        "COUPON_DATA_DIR": str(settings.data_dir),
        "COUPON_DATABASE_URL": settings.database_url,
        "COUPON_MASTER_KEYS": ",".join(settings.master_keys),
        "COUPON_BROKER_URL": settings.broker_url,
        "COUPON_LOG_LEVEL": loudest(settings),
        "COUPON_METRICS_PORT": str(settings.metrics_port),
        "COUPON_VISIBILITY_SECONDS": str(settings.visibility_seconds),
        "COUPON_WEBHOOK_NETWORKS": ",".join(settings.webhook_networks),
    }


@dataclass
class Crew:
    """So many processes of one kind of worker."""

    name: str
    environment: Mapping[str, str]
    log: Path
    members: list[subprocess.Popen[bytes]] = field(default_factory=list)
    kills: int = 0

    def hire(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "workers", self.name]
        with self.log.open("ab") as log:
            one = subprocess.Popen(
                command, cwd=ROOT, env=dict(self.environment), stdout=log, stderr=log
            )
        self.members.append(one)
        return one

    def kill(self, one: subprocess.Popen[bytes]) -> None:
        """As in a power cut."""
        one.kill()
        one.wait()
        self.members.remove(one)
        self.kills += 1

    def dismiss(self) -> list[int]:
        """End all as they should; gives their exit statuses."""
        for one in self.members:
            one.send_signal(signal.SIGTERM)
        return [one.wait(30) for one in self.members]


@contextmanager
def crew(name: str, count: int, settings: Settings) -> Iterator[Crew]:
    """Workers that are gone after the block."""
    log = settings.data_dir / f"{name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    members = Crew(name, environment_of(settings), log)
    try:
        for _ in range(count):
            members.hire()
        yield members
    finally:
        for one in members.members:
            one.kill()
            one.wait()
    check_log(log, settings)


@contextmanager
def killing(
    workers: Crew, pauses: tuple[float, float], choice: random.Random
) -> Iterator[None]:
    """Now and then one of the crew is killed, and replaced at once."""
    stop = Event()

    def work() -> None:
        while not stop.wait(choice.uniform(*pauses)):
            workers.kill(choice.choice(workers.members))
            workers.hire()

    with in_background(work, stop):
        yield


@contextmanager
def killing_broker(broker: Broker, up: float, down: float) -> Iterator[list[float]]:
    """The broker is killed every `up` seconds, and is away for `down` at least."""
    stop, deaths = Event(), list[float]()

    def work() -> None:
        while not stop.wait(up):
            broker.stop(signal.SIGKILL)
            deaths.append(down)
            stop.wait(down)
            broker.start()

    with in_background(work, stop):
        yield deaths


@contextmanager
def in_background(work: object, stop: Event) -> Iterator[None]:
    """The work in a thread of its own, which ends after the block."""
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
        thread.join(90)
    if failed:
        raise failed[0]
