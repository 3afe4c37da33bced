"""A gateway with two processes on a database of its own, to be broken."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from tests.chaos.faults import FaultEnvironment
from tests.support.concurrency import started_core
from tests.support.databases import PostgresDatabases, SqliteDatabases, migrate_database
from tests.support.servers import postgres_server
from tests.support.servers.gunicorn import gateway_server
from tests.support.settings import build_settings


@contextmanager
def running_environment(
    database: str, home: Path, app: str = "query_gateway:create_app()"
) -> Iterator[FaultEnvironment]:
    """Run `app`, named as for gunicorn, on a fresh database of that kind."""
    with ExitStack() as stack:
        server = None
        if database == "postgresql":
            server = stack.enter_context(postgres_server(home, fsync=True))
            databases = PostgresDatabases(server.address, "faults", migrate_database)
        else:
            databases = SqliteDatabases(home / "sqlite", migrate_database)
        url = stack.enter_context(databases.temporary_database())
        settings = replace(build_settings(url, home / "var"), gateway_workers=2)
        stack.enter_context(started_core(settings))
        directory = home / "gateway"
        directory.mkdir()
        gateway = stack.enter_context(gateway_server(app, settings, directory))
        yield FaultEnvironment(settings, gateway, gateway.process, server)
