"""Both gateways and the workers as real processes, with all that they say."""

from __future__ import annotations

import signal
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import requests

from coupon_core.bootstrap import PROGRAMS
from coupon_core.settings.loader import Settings
from tests.chaos.crew import environment_of
from tests.hidden import check_log
from tests.servers.gunicorn import Gateway, gateway_server
from tests.servers.process import Process, free_port

ROOT = Path(__file__).parents[2]
APPS = {"admin": "admin_gateway", "query": "query_gateway"}


@dataclass
class House:
    """The programs that run, by name, and where each writes."""

    settings: Settings
    gateways: dict[str, Gateway] = field(default_factory=dict)
    logs: list[Path] = field(default_factory=list)

    @property
    def admin(self) -> str:
        return self.gateways["admin"].url

    @property
    def query(self) -> str:
        return self.gateways["query"].url

    def said(self) -> str:
        """All that all of them have written to stdout and stderr."""
        return "".join(log.read_text() for log in self.logs)

    def metrics(self, program: str) -> dict[str, float]:
        """What a program shows Prometheus, by name and labels."""
        port = self.settings.metrics_port + PROGRAMS[program]
        text = requests.get(f"http://127.0.0.1:{port}/metrics", timeout=10).text
        lines = [line for line in text.splitlines() if not line.startswith("#")]
        return {name: float(value) for name, _, value in map(_parted, lines)}


def _parted(line: str) -> tuple[str, str, str]:
    return line.rpartition(" ")


def metrics_port() -> int:
    """The first of three ports on which nothing listens."""
    while True:
        first = free_port()
        if first < 65_000 and all(map(_is_free, (first + 1, first + 2))):
            return first


def _is_free(port: int) -> bool:
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


@contextmanager
def running_house(
    settings: Settings, programs: Sequence[str], home: Path
) -> Iterator[House]:
    """These programs at work, while the block runs."""
    house = House(replace(settings, metrics_port=metrics_port(), data_dir=home))
    with ExitStack() as stack:
        for name in programs:
            place = home / name
            place.mkdir(parents=True)
            if name == "workers":
                stack.enter_context(_workers(house.settings, place))
            else:
                gateway = gateway_server(APPS[name], house.settings, place)
                house.gateways[name] = stack.enter_context(gateway)
            house.logs.append(place / "server.log")
        yield house


@contextmanager
def _workers(settings: Settings, place: Path) -> Iterator[Process]:
    log = place / "server.log"
    process = Process(
        [sys.executable, "-m", "workers"],
        place,
        lambda: "consuming" in log.read_text(),
        signal.SIGTERM,
        environment={**environment_of(settings), "PYTHONPATH": str(ROOT)},
    )
    process.start()
    try:
        yield process
    finally:
        process.stop()
    check_log(log, settings)
