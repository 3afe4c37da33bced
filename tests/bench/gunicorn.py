"""The gateway and the hello, both under gunicorn with the settings of production."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from tests.bench.people import People
from tests.servers.process import Process, free_port

ROOT = Path(__file__).parents[2]
SETTINGS = ROOT / "deploy" / "gunicorn.conf.py"


@dataclass(frozen=True, slots=True)
class Gunicorn:
    """A gunicorn that serves."""

    port: int
    pid: int


@contextmanager
def gateway(home: Path, people: People, workers: int) -> Iterator[Gunicorn]:
    """The query gateway, on the database that `people` live in."""
    settings = {
        "COUPON_DATA_DIR": str(home),
        "COUPON_DATABASE_URL": people.database_url,
        "COUPON_MASTER_KEYS": people.master_key,
    }
    with _serving("query_gateway:create_app()", home, settings, workers) as server:
        yield server


@contextmanager
def hello(home: Path, people: People, workers: int) -> Iterator[Gunicorn]:
    """The baseline, which knows the same tokens."""
    settings = {"COUPON_DATA_DIR": str(home), "BENCH_HELLO_SECRET": people.secret}
    with _serving("tests.bench.hello_app:app", home, settings, workers) as server:
        yield server


@contextmanager
def _serving(
    app: str, home: Path, settings: Mapping[str, str], workers: int
) -> Iterator[Gunicorn]:
    port = free_port()
    place = home / app.partition(":")[0]
    place.mkdir()
    options = ("--config", str(SETTINGS), "--bind", f"127.0.0.1:{port}")
    process = Process(
        [sys.executable, "-m", "gunicorn", *options, app],
        directory=place,
        ready=partial(_answers, port),
        stop_signal=signal.SIGTERM,
        environment={
            "PYTHONPATH": str(ROOT),
            "COUPON_GATEWAY_WORKERS": str(workers),
            **settings,
        },
    )
    process.start()
    try:
        yield Gunicorn(port, process.pid)
    finally:
        process.stop()


def _answers(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/health")
        connection.getresponse().read()
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
    return True
