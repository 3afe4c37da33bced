"""Fixtures for all tests: real servers per run, and a fresh database per test.

With xdist the controller starts PostgreSQL and passes its address to the workers, so
that one server serves all. Without xdist the first test that needs it starts it.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import shutil
import sqlite3
import tempfile
from collections import Counter
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
from tests.support.paths import PROJECT_ROOT
from tests.support.servers import (
    Postgres,
    RabbitServer,
    RedisServer,
    postgres_server,
    rabbit_server,
    redis_server,
)
from tests.support.settings import build_settings

# No deadline, because the duration of an example means nothing on a shared machine.
# CI uses the same examples in each run, so that its failures can be reproduced.
settings.register_profile("here", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")

# Commits to SQLite files wait for the disk, which took a third of the suite's time.
MEMORY_DIRECTORY = "/dev/shm"
MIN_FREE_MEMORY_BYTES = 4_000_000_000
CLEANUP = pytest.StashKey[contextlib.ExitStack]()
POSTGRES = pytest.StashKey[Postgres]()
COMPONENTS = pytest.StashKey[set[str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of this test suite."""
    parser.addoption(
        "--database",
        choices=databases.DATABASE_KINDS,
        help="run tests for both databases on this one only",
    )
    parser.addoption(
        "--fast",
        action="store_true",
        help="skip PostgreSQL, brokers, and tests that take more than 5 seconds",
    )
    parser.addoption(
        "--pgbouncer",
        action="store_true",
        help="run the query gateway's tests on PostgreSQL through PgBouncer",
    )
    parser.addoption(
        "--sweeps",
        action="store_true",
        help="test every pair of sweeps, of which the suite tests a part",
    )
    parser.addoption(
        "--openapi-examples",
        type=int,
        help="number of schemathesis requests per route, different in each run",
    )
    parser.addoption(
        "--actions",
        type=int,
        default=600,
        help="number of random purchases, redeems and refunds (default: %(default)s)",
    )
    parser.addoption(
        "--race-repetitions",
        type=int,
        default=1,
        help="how often races of hot codes run; from 2, with up to 3,000 callers",
    )
    parser.addoption(
        "--sdk-kills",
        type=int,
        default=3,
        help="how often a gateway is killed under each SDK (default: %(default)s)",
    )
    parser.addoption(
        "--model-examples",
        type=int,
        help="number of longer examples of the state machine, and a fortieth of the "
        "number of random streams for the HTTP parser",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Prepare what the hooks below share."""
    if has_memory_directory():
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", MEMORY_DIRECTORY)
    if config.getoption("fast"):
        config.option.database = "sqlite"
    config.stash[CLEANUP] = contextlib.ExitStack()
    config.stash[COMPONENTS] = set()


def has_memory_directory() -> bool:
    """Return True if temporary files may be kept in memory."""
    return (
        os.access(MEMORY_DIRECTORY, os.W_OK)
        and shutil.disk_usage(MEMORY_DIRECTORY).free >= MIN_FREE_MEMORY_BYTES
    )


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the servers of this run."""
    config.stash[CLEANUP].close()


UMASK = 0o022
SERVER_FIXTURES = {"postgres", "redis", "rabbitmq", "broker", "own_broker"}
# Tests of whole processes, which `make test` runs.
SLOW_FOLDERS = (
    *("benchmarks", "browser", "chaos", "drills", "ha"),
    *("support", "stateful", "authorization"),
)
SLOW_FILES = (
    *("test_database_postgresql.py", "test_process.py", "test_doctor.py"),
    "test_proxies.py",
)


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
        or item.path.relative_to(PROJECT_ROOT / "tests").parts[0] in SLOW_FOLDERS
        or item.path.name in SLOW_FILES
        or SERVER_FIXTURES.intersection(item.fixturenames)
        or "postgresql" in [str(value) for value in parameters]
    )


@pytest.fixture(autouse=True)
def _umask() -> Iterator[None]:
    """Undo what the settings do to the umask, also in fixtures of a whole module.

    Processes that load settings create files for one user only, and servers of other
    tests run as another user.
    """
    os.umask(UMASK)
    yield
    os.umask(UMASK)


# ------------------------------------------------------------- one server a run


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: object) -> None:
    """In xdist's controller: pass PostgreSQL's address to a worker before it starts."""
    if node.config.getoption("database") != "sqlite":
        node.workerinput["postgres"] = dataclasses.asdict(get_postgres(node.config))


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: object, error: object) -> None:
    """In xdist's controller: collect what a worker's tests ran on."""
    components = (getattr(node, "workeroutput", None) or {}).get("components", [])
    node.config.stash[COMPONENTS].update(components)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Pass what the tests ran on to xdist's controller."""
    if hasattr(session.config, "workeroutput"):
        components = sorted(session.config.stash[COMPONENTS])
        session.config.workeroutput["components"] = components


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print what the tests ran on, and in one line each which did not run and why."""
    if components := sorted(config.stash[COMPONENTS]):
        terminalreporter.write_line("Ran on " + " · ".join(components))
    skipped = Counter(
        str(report.longrepr[-1]).removeprefix("Skipped: ")
        for report in terminalreporter.stats.get("skipped", [])
    )
    for reason, count in sorted(skipped.items()):
        terminalreporter.write_line(f"NOT RUN: {count} tests ({reason})")


def get_postgres(config: pytest.Config) -> Postgres:
    """Return the run's server: the controller's, or one started on first use."""
    if POSTGRES not in config.stash:
        given = getattr(config, "workerinput", {}).get("postgres")
        config.stash[POSTGRES] = Postgres(**given) if given else start_postgres(config)
    return config.stash[POSTGRES]


def start_postgres(config: pytest.Config) -> Postgres:
    """Start a PostgreSQL for the whole run."""
    directory = Path(tempfile.gettempdir())
    server = config.stash[CLEANUP].enter_context(postgres_server(directory))
    return server.address


@pytest.fixture(scope="session")
def postgres(request: pytest.FixtureRequest) -> Postgres:
    """Return this run's PostgreSQL; to stop one, use `postgres_server`."""
    server = get_postgres(request.config)
    components = request.config.stash[COMPONENTS]
    components.add(f"PostgreSQL {server.version} from {server.origin}")
    return server


@pytest.fixture(scope="session")
def redis(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RedisServer]:
    """Yield a Redis-protocol server for this process's tests; each worker has one."""
    with redis_server(tmp_path_factory.mktemp("redis")) as server:
        components = request.config.stash[COMPONENTS]
        components.add(f"{server.name} {server.version} from {server.origin}")
        yield server


@pytest.fixture(scope="session")
def rabbitmq(request: pytest.FixtureRequest) -> Iterator[RabbitServer]:
    """Yield a RabbitMQ for this process's tests."""
    with rabbit_server() as server:
        components = request.config.stash[COMPONENTS]
        components.add(f"RabbitMQ {server.version} from {server.origin}")
        yield server


Broker = RedisServer | RabbitServer


@pytest.fixture(scope="session", params=["redis", "rabbitmq"])
def broker(request: pytest.FixtureRequest) -> Broker:
    """Return each broker in turn; tests share it, so they empty their queues."""
    server: Broker = request.getfixturevalue(request.param)
    return server


# ------------------------------------------------------ a fresh database a test


@pytest.fixture(scope="session", params=databases.DATABASE_KINDS)
def migrated_template(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Databases:
    """Return the databases of one kind; their template is migrated only once."""
    kind = request.param
    if request.config.getoption("database") not in (None, kind):
        pytest.skip(f"not on {kind}: --database")
    if kind == "sqlite":
        version = f"SQLite {sqlite3.sqlite_version}"
        request.config.stash[COMPONENTS].add(version)
        return SqliteDatabases(
            tmp_path_factory.mktemp("sqlite"), databases.migrate_database
        )
    return get_reusable_databases(request.getfixturevalue("postgres"), "test")


@cache  # for the run: pytest recreates the fixture whenever its parameter changes
def get_reusable_databases(server: Postgres, prefix: str) -> PostgresDatabases:
    """Return the databases of a server, the same for the whole run of a process.

    Processes of xdist share the server, and may run tests of one module at a time.
    """
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    return PostgresDatabases(server, f"{prefix}_{worker}", databases.migrate_database)


@pytest.fixture
def database_url(migrated_template: Databases) -> Iterator[str]:
    """Yield the URL of a migrated database without rows, of each kind in turn."""
    with migrated_template.temporary_database() as url:
        yield url


@pytest.fixture
def empty_database_url(migrated_template: Databases) -> Iterator[str]:
    """Yield the URL of a database without tables, for migrations and first starts."""
    with migrated_template.temporary_database(migrated=False) as url:
        yield url


@pytest.fixture(scope="module")
def core(
    migrated_template: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Settings]:
    """Yield the settings of the core on a database that a module's tests share."""
    directory = tmp_path_factory.mktemp("core")
    with (
        migrated_template.temporary_database() as url,
        started_core(build_settings(url, directory)) as settings,
    ):
        yield settings


@pytest.fixture
def tenant(core: Settings) -> Iterator[TenantFactory]:
    """Yield a new tenant."""
    yield create_tenant()
    database.release_connection()
