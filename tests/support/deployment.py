"""Both gateways and the workers as real processes, with their logs."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import requests

from coupon_core.bootstrap import METRICS_PORT_OFFSETS
from coupon_core.settings.loader import Settings
from tests.chaos.worker_processes import build_environment
from tests.support.installations import THIS_RELEASE
from tests.support.log_secrets import check_log
from tests.support.ports import find_free_ports
from tests.support.servers.gunicorn import Gateway, gateway_server
from tests.support.servers.process import Process

APP_MODULES = {"admin": "admin_gateway", "query": "query_gateway"}


@dataclass
class Deployment:
    """The running programs by name, and their log files."""

    settings: Settings
    gateways: dict[str, Gateway] = field(default_factory=dict)
    logs: list[Path] = field(default_factory=list)

    @property
    def admin_url(self) -> str:
        """Return the URL of the admin gateway."""
        return self.gateways["admin"].url

    @property
    def query_url(self) -> str:
        """Return the URL of the query gateway."""
        return self.gateways["query"].url

    def read_logs(self) -> str:
        """Return what all programs have written to stdout and stderr."""
        return "".join(log.read_text() for log in self.logs)

    def read_metrics(self, program: str) -> dict[str, float]:
        """Return the metrics of a program, by name and labels."""
        port = self.settings.metrics_port + METRICS_PORT_OFFSETS[program]
        text = requests.get(f"http://127.0.0.1:{port}/metrics", timeout=60).text
        lines = [line for line in text.splitlines() if not line.startswith("#")]
        return {name: float(value) for name, _, value in map(_split_metric_line, lines)}


def _split_metric_line(line: str) -> tuple[str, str, str]:
    return line.rpartition(" ")


def find_metrics_port() -> int:
    """Return the first of three consecutive free ports."""
    while True:
        first, _, third = find_free_ports(3)
        if third == first + 2:
            return first


@contextmanager
def running_deployment(
    settings: Settings, programs: Sequence[str], home: Path
) -> Iterator[Deployment]:
    """Run these programs while the block runs."""
    deployment = Deployment(
        replace(settings, metrics_port=find_metrics_port(), data_dir=home)
    )
    with ExitStack() as stack:
        for name in programs:
            directory = home / name
            directory.mkdir(parents=True)
            if name == "workers":
                stack.enter_context(running_workers(deployment.settings, directory))
            else:
                gateway = gateway_server(
                    APP_MODULES[name], deployment.settings, directory
                )
                deployment.gateways[name] = stack.enter_context(gateway)
            deployment.logs.append(directory / "server.log")
        yield deployment


@contextmanager
def running_workers(settings: Settings, directory: Path) -> Iterator[Process]:
    """Run a process with all workers while the block runs."""
    log = directory / "server.log"
    process = Process(
        [sys.executable, "-m", "workers"],
        directory,
        lambda: "consuming" in log.read_text(),
        signal.SIGTERM,
        environment=build_environment(settings) | THIS_RELEASE.build_environment(),
        is_forked=True,
    )
    process.start()
    try:
        yield process
    finally:
        process.stop()
    check_log(log, settings)
