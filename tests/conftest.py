"""Fixtures of all tests: real servers for the run, a fresh database for each test.

Under xdist the controller starts PostgreSQL and tells its workers where it is, so
that one server serves them all; without xdist the first test that asks starts it.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import sqlite3
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from hypothesis import settings

from coupon_core.persistence import database
from coupon_core.settings.loader import Settings
from tests.factories.tenant import TenantFactory, create_tenant
from tests.support import databases
from tests.support.concurrency import started_core
from tests.support.databases import Databases, PostgresDatabases, SqliteDatabases
from tests.support.servers import (
    Postgres,
    RabbitServer,
    RedisServer,
    find_rabbitmq,
    postgres_server,
    rabbit_server,
    redis_server,
)
from tests.support.settings import build_settings

# How long an example takes says nothing on a machine that others use as well; and
# what CI found must be found again, so there the examples are the same each time.
settings.register_profile("here", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")

CLEANUP = pytest.StashKey[contextlib.ExitStack]()
POSTGRES = pytest.StashKey[Postgres]()
COMPONENTS = pytest.StashKey[set[str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--database",
        choices=databases.DATABASE_KINDS,
        help="run tests that are for both databases on this one only",
    )
    parser.addoption(
        "--fast",
        action="store_true",
        help="leave out PostgreSQL, brokers, and tests that take more than 5 seconds",
    )
    parser.addoption(
        "--openapi-examples",
        type=int,
        help="let schemathesis try so many requests a route, others each time",
    )
    parser.addoption(
        "--actions",
        type=int,
        default=600,
        help="buy, redeem and refund so often at random (5000 takes a minute or two)",
    )
    parser.addoption(
        "--model-examples",
        type=int,
        help="let the model live so many lives, longer ones",
    )


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("fast"):
        config.option.database = "sqlite"
    config.stash[CLEANUP] = contextlib.ExitStack()
    config.stash[COMPONENTS] = set()


def pytest_unconfigure(config: pytest.Config) -> None:
    config.stash[CLEANUP].close()


SERVER_FIXTURES = {"postgres", "redis", "rabbitmq", "broker", "own_broker"}


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    """With --fast, leave out tests that are slow or need a server."""
    if config.getoption("fast"):
        slow = [item for item in items if needs_time_or_server(item)]
        config.hook.pytest_deselected(items=slow)
        items[:] = [item for item in items if item not in set(slow)]


def needs_time_or_server(item: pytest.Item) -> bool:
    """Return True if the full suite runs the test but `make test-fast` does not."""
    parameters = item.callspec.params.values() if hasattr(item, "callspec") else ()
    return bool(
        item.get_closest_marker("slow")
        or SERVER_FIXTURES.intersection(item.fixturenames)
        or "postgresql" in [str(value) for value in parameters]
    )


# ------------------------------------------------------------- one server a run


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: object) -> None:
    """In xdist's controller, before a worker starts: tell it where PostgreSQL is."""
    if node.config.getoption("database") != "sqlite":
        node.workerinput["postgres"] = dataclasses.asdict(get_postgres(node.config))


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: object, error: object) -> None:
    """In xdist's controller, after a worker: learn what its tests ran on."""
    components = (getattr(node, "workeroutput", None) or {}).get("components", [])
    node.config.stash[COMPONENTS].update(components)


def pytest_sessionfinish(session: pytest.Session) -> None:
    if hasattr(session.config, "workeroutput"):
        components = sorted(session.config.stash[COMPONENTS])
        session.config.workeroutput["components"] = components


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    if components := sorted(config.stash[COMPONENTS]):
        terminalreporter.write_line("Ran on " + " · ".join(components))


def get_postgres(config: pytest.Config) -> Postgres:
    """The run's server: the controller's, or our own, started when first needed."""
    if POSTGRES not in config.stash:
        given = getattr(config, "workerinput", {}).get("postgres")
        config.stash[POSTGRES] = Postgres(**given) if given else start_postgres(config)
    return config.stash[POSTGRES]


def start_postgres(config: pytest.Config) -> Postgres:
    directory = Path(tempfile.gettempdir())
    server = config.stash[CLEANUP].enter_context(postgres_server(directory))
    return server.address


@pytest.fixture(scope="session")
def postgres(request: pytest.FixtureRequest) -> Postgres:
    """The PostgreSQL of this run; to stop one, start your own: `postgres_server`."""
    server = get_postgres(request.config)
    components = request.config.stash[COMPONENTS]
    components.add(f"PostgreSQL {server.version} from {server.origin}")
    return server


@pytest.fixture(scope="session")
def redis(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RedisServer]:
    """A Redis-protocol server for the tests of this process (xdist: each its own)."""
    with redis_server(tmp_path_factory.mktemp("redis")) as server:
        components = request.config.stash[COMPONENTS]
        components.add(f"{server.name} {server.version} from {server.origin}")
        yield server


@pytest.fixture(scope="session")
def rabbitmq(request: pytest.FixtureRequest) -> Iterator[RabbitServer]:
    """A RabbitMQ for the tests of this process, where one is installed."""
    program = find_rabbitmq()
    components = request.config.stash[COMPONENTS]
    if program is None:
        components.add("not on RabbitMQ: none is installed, its tests were skipped")
        pytest.skip("RabbitMQ is not installed")
    with rabbit_server(program) as server:
        components.add(f"RabbitMQ {server.version} from {server.origin}")
        yield server


Broker = RedisServer | RabbitServer


@pytest.fixture(scope="session", params=["redis", "rabbitmq"])
def broker(request: pytest.FixtureRequest) -> Broker:
    """Each of the brokers in turn; tests share it, so they empty their queues."""
    server: Broker = request.getfixturevalue(request.param)
    return server


# ------------------------------------------------------ a fresh database a test


@pytest.fixture(scope="session", params=databases.DATABASE_KINDS)
def migrated_template(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Databases:
    """The databases of one kind; the template they copy is migrated only once."""
    kind = request.param
    if request.config.getoption("database") not in (None, kind):
        pytest.skip(f"not on {kind}: --database")
    if kind == "sqlite":
        version = f"SQLite {sqlite3.sqlite_version}"
        request.config.stash[COMPONENTS].add(version)
        return SqliteDatabases(
            tmp_path_factory.mktemp("sqlite"), databases.migrate_database
        )
    server = request.getfixturevalue("postgres")
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    return get_reusable_databases(server, f"test_{worker}")


@cache  # for the whole run: pytest makes the fixture anew when it has to change it
def get_reusable_databases(server: Postgres, prefix: str) -> PostgresDatabases:
    return PostgresDatabases(server, prefix, databases.migrate_database)


@pytest.fixture
def database_url(migrated_template: Databases) -> Iterator[str]:
    """A migrated database without rows, on SQLite and again on PostgreSQL."""
    with migrated_template.temporary_database() as url:
        yield url


@pytest.fixture
def empty_database_url(migrated_template: Databases) -> Iterator[str]:
    """A database without even tables, for tests of migrations and of first starts."""
    with migrated_template.temporary_database(migrated=False) as url:
        yield url


@pytest.fixture(scope="module")
def core(
    migrated_template: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Settings]:
    """The core at work on a database that the tests of a module share."""
    directory = tmp_path_factory.mktemp("core")
    with (
        migrated_template.temporary_database() as url,
        started_core(build_settings(url, directory)) as settings,
    ):
        yield settings


@pytest.fixture
def tenant(core: Settings) -> Iterator[TenantFactory]:
    """A tenant of the test's own."""
    yield create_tenant()
    database.release_connection()
