"""Gateways as in production: gunicorn with several processes and threads."""

from __future__ import annotations

import http.client
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from coupon_core.settings.loader import Settings
from tests.support.installations import THIS_RELEASE, Installation
from tests.support.log_secrets import check_log, get_verbose_level
from tests.support.ports import find_free_port
from tests.support.servers.process import Process, ServerError

MAX_START_ATTEMPTS = 3


@dataclass(frozen=True)
class Gateway:
    """A gateway under gunicorn."""

    host: str
    port: int
    process: Process = field(compare=False, repr=False)

    @property
    def pid(self) -> int:
        """Return the process ID of gunicorn's master."""
        return self.process.pid

    @property
    def url(self) -> str:
        """Return the URL of the gateway."""
        return f"http://{self.host}:{self.port}"


@contextmanager
def gateway_server(
    app: str,
    settings: Settings,
    home: Path,
    *options: str,
    installation: Installation = THIS_RELEASE,
    is_forked: bool = True,
) -> Iterator[Gateway]:
    """Run `app` (`query_gateway` or `admin_gateway`) under gunicorn.

    `home` is an empty directory for its files. Measurements start it as production
    does: not forked.
    """
    environment = _build_environment(settings, home) | installation.build_environment()
    gateway = _start_gateway(app, home, environment, options, is_forked)
    try:
        yield gateway
    finally:
        gateway.process.stop()
    check_log(gateway.process.log, settings)


def _start_gateway(
    app: str,
    home: Path,
    environment: Mapping[str, str],
    options: Sequence[str],
    is_forked: bool,
) -> Gateway:
    for attempt in range(MAX_START_ATTEMPTS):
        host, port = "127.0.0.1", find_free_port()
        process = Process(
            [*_build_command(app, f"{host}:{port}"), "--chdir", str(home), *options],
            home,
            lambda at=(host, port): is_gateway_ready(*at),
            signal.SIGTERM,
            environment=environment,
            is_forked=is_forked,
        )
        try:
            process.start()
        except ServerError:  # another process may have taken the free port
            if attempt + 1 == MAX_START_ATTEMPTS:
                raise
        else:
            return Gateway(host, port, process)
    raise AssertionError("unreachable")


def _build_command(app: str, address: str) -> list[str]:
    return [
        *(
            sys.executable,
            "-m",
            "gunicorn",
            app if ":" in app else f"{app}:create_app()",
        ),
        *("--config", "python:coupon_core.gunicorn_conf"),
        *("--bind", address),
    ]


def _build_environment(settings: Settings, home: Path) -> dict[str, str]:
    return {
        "COUPON_DATA_DIR": str(home),
        "COUPON_DATABASE_URL": settings.database_url,
        "COUPON_PREPARED_STATEMENTS": settings.prepared_statements,
        "COUPON_REPORT_DATABASE_URL": settings.report_database_url,
        "COUPON_MASTER_KEYS": ",".join(settings.master_keys),
        "COUPON_BROKER_URL": settings.broker_url,
        "COUPON_REDIS_URL": settings.redis_url,
        "COUPON_GUESSES_PER_USER": settings.guesses_per_user,
        "COUPON_GUESSES_PER_TENANT": settings.guesses_per_tenant,
        "COUPON_CALLS_PER_CALLER": settings.calls_per_caller,
        "COUPON_CALLS_PER_TENANT": settings.calls_per_tenant,
        "COUPON_WEBHOOK_NETWORKS": ",".join(settings.webhook_networks),
        "COUPON_LOG_LEVEL": get_verbose_level(settings),
        "COUPON_METRICS_PORT": str(settings.metrics_port),
        "COUPON_TRACES_URL": settings.traces_url,
        "COUPON_METRICS_BY_TENANT": str(settings.metrics_by_tenant),
        "COUPON_GATEWAY_WORKERS": str(settings.gateway_workers),
        "COUPON_GATEWAY_THREADS": str(settings.gateway_threads),
    }


def is_gateway_ready(host: str, port: int) -> bool:
    """Return True if the gateway reports that it is ready."""
    connection = http.client.HTTPConnection(host, port, timeout=5)
    try:
        connection.request("GET", "/ready")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
