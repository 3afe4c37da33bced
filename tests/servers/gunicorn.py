"""Gateways as they are in production: gunicorn, with several processes and threads."""

from __future__ import annotations

import http.client
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from coupon_core.config import Settings
from tests.servers.process import Process, ServerError, free_port

START_TRIES = 3


@dataclass(frozen=True)
class Gateway:
    """A gateway behind gunicorn."""

    host: str
    port: int

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"


@contextmanager
def gateway_server(app: str, settings: Settings, home: Path) -> Iterator[Gateway]:
    """`app` (`query_gateway` or `admin_gateway`) in gunicorn, while the block runs.

    `home` is a directory of its own for what it writes.
    """
    with gateway_process(f"{app}:create_app()", settings, home) as (_, gateway):
        yield gateway


@contextmanager
def gateway_process(
    app: str, settings: Settings, home: Path
) -> Iterator[tuple[Process, Gateway]]:
    """The same with its process, for those who mean to kill it; `app` as gunicorn
    wants it."""
    process, gateway = _started(app, home, settings)
    try:
        yield process, gateway
    finally:
        process.stop()


def _started(app: str, home: Path, settings: Settings) -> tuple[Process, Gateway]:
    for attempt in range(START_TRIES):
        gateway = Gateway("127.0.0.1", free_port())
        command = _command(app, gateway)
        process = Process(
            command,
            home,
            lambda at=gateway: answers(at),
            signal.SIGTERM,
            environment=_environment(settings, home),
        )
        try:
            process.start()
        except ServerError:  # the free port may just have been taken
            if attempt + 1 == START_TRIES:
                raise
        else:
            return process, gateway
    raise AssertionError("unreachable")


def _command(app: str, gateway: Gateway) -> list[str]:
    return [
        *(sys.executable, "-m", "gunicorn", app),
        *("--config", "python:coupon_core.gunicorn_conf"),
        *("--bind", f"{gateway.host}:{gateway.port}"),
    ]


def _environment(settings: Settings, home: Path) -> dict[str, str]:
    return {
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "COUPON_DATA_DIR": str(home),
        "COUPON_DATABASE_URL": settings.database_url,
        "COUPON_MASTER_KEYS": ",".join(settings.master_keys),
        "COUPON_GATEWAY_WORKERS": str(settings.gateway_workers),
        "COUPON_GATEWAY_THREADS": str(settings.gateway_threads),
    }


def answers(gateway: Gateway) -> bool:
    """Whether the gateway says that it is ready."""
    connection = http.client.HTTPConnection(gateway.host, gateway.port, timeout=5)
    try:
        connection.request("GET", "/ready")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
