"""A gateway of two processes on a database of its own, to be broken."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from tests.chaos.faults import Scene
from tests.cores import started
from tests.databases import PostgresDatabases, SqliteDatabases, upgrade
from tests.servers import postgres_server
from tests.servers.gunicorn import gateway_server
from tests.settings import settings_for


@contextmanager
def scene_on(
    database: str, home: Path, app: str = "query_gateway:create_app()"
) -> Iterator[Scene]:
    """`app` as gunicorn wants it, on a fresh database of that kind."""
    with ExitStack() as stack:
        server = None
        if database == "postgresql":
            server = stack.enter_context(postgres_server(home, fsync=True))
            databases = PostgresDatabases(server.address, "faults", upgrade)
        else:
            databases = SqliteDatabases(home / "sqlite", upgrade)
        url = stack.enter_context(databases.fresh())
        settings = replace(settings_for(url, home / "var"), gateway_workers=2)
        stack.enter_context(started(settings))
        place = home / "gateway"
        place.mkdir()
        gateway = stack.enter_context(gateway_server(app, settings, place))
        yield Scene(settings, gateway, gateway.process, server)
