"""The servers under gunicorn: ours as in production, the yardsticks with its own."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from tests.benchmarks.players import Players
from tests.support.paths import PROJECT_ROOT
from tests.support.ports import find_free_port
from tests.support.servers.process import Process

PRODUCTION_CONFIG = PROJECT_ROOT / "deploy" / "gunicorn.conf.py"
STOCK_CONFIG = Path(__file__).with_name("stock_gunicorn.py")


@dataclass(frozen=True, slots=True)
class GunicornServer:
    """A running gunicorn."""

    port: int
    pid: int


@contextmanager
def running_gateway(
    home: Path, players: Players, workers: int
) -> Iterator[GunicornServer]:
    """Run the query gateway on the players' database."""
    settings = {
        "COUPON_DATA_DIR": str(home),
        "COUPON_DATABASE_URL": players.database_url,
        "COUPON_MASTER_KEYS": players.master_key,
        "COUPON_CALLS_PER_CALLER": "",  # few players send all the load
    }
    with _running_gunicorn(
        "query_gateway:create_app()", home / "gateway", settings, workers
    ) as server:
        yield server


@contextmanager
def running_baseline(
    home: Path, players: Players, workers: int
) -> Iterator[GunicornServer]:
    """Run the baseline, which accepts the same tokens, under a stock gunicorn."""
    settings = {"BENCH_HELLO_SECRET": players.secret}
    with _running_gunicorn(
        "tests.benchmarks.baseline_app:app",
        home / "baseline",
        settings,
        workers,
        STOCK_CONFIG,
    ) as server:
        yield server


@contextmanager
def running_empty_app(
    home: Path, workers: int, is_stock: bool
) -> Iterator[GunicornServer]:
    """Run a WSGI app that does nothing, under our worker or a stock one."""
    directory = home / ("empty_stock" if is_stock else "empty")
    config = STOCK_CONFIG if is_stock else PRODUCTION_CONFIG
    settings = {"COUPON_DATA_DIR": str(home)}
    with _running_gunicorn(
        "tests.benchmarks.empty_app:app", directory, settings, workers, config
    ) as server:
        yield server


@contextmanager
def _running_gunicorn(
    app: str,
    directory: Path,
    settings: Mapping[str, str],
    workers: int,
    config: Path = PRODUCTION_CONFIG,
) -> Iterator[GunicornServer]:
    port = find_free_port()
    directory.mkdir()
    options = ("--config", str(config), "--bind", f"127.0.0.1:{port}")
    process = Process(
        [sys.executable, "-m", "gunicorn", *options, app],
        directory=directory,
        is_ready=partial(_is_healthy, port),
        stop_signal=signal.SIGTERM,
        environment={
            "PYTHONPATH": str(PROJECT_ROOT),
            "COUPON_GATEWAY_WORKERS": str(workers),
            **settings,
        },
    )
    process.start()
    try:
        yield GunicornServer(port, process.pid)
    finally:
        process.stop()


def _is_healthy(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/health")
        connection.getresponse().read()
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
    return True
