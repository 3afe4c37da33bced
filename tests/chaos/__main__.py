"""`make chaos`: long fault tests with every installed database and broker."""

from __future__ import annotations

import argparse
import itertools
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from coupon_core.settings.loader import Settings
from tests.chaos import (
    faults,
    racing,
)
from tests.chaos.environments import running_environment
from tests.chaos.trials import TRIALS, UPGRADE_NAME
from tests.chaos.worker_processes import Broker
from tests.factories.tenant import create_tenant
from tests.support.concurrency import started_core
from tests.support.databases import (
    Databases,
    PostgresDatabases,
    SqliteDatabases,
    migrate_database,
)
from tests.support.servers import (
    find_rabbitmq,
    postgres_server,
    rabbit_server,
    redis_server,
)
from tests.support.settings import build_settings

FAULTS_NAME, RACE_NAME = "faults", "race"


def main() -> int:
    """Return the exit status: 1 if anything was lost, duplicated, or late."""
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument(
        "--database",
        choices=["sqlite", "postgresql"],
        help="run on this database only (default: both)",
    )
    parser.add_argument(
        "--broker",
        choices=["redis", "rabbitmq"],
        help="run with this broker only (default: all installed)",
    )
    parser.add_argument(
        "--only",
        choices=[*TRIALS, RACE_NAME, FAULTS_NAME],
        help="run only this test (default: all)",
    )
    given = parser.parse_args()
    results = [
        run_trial(database, broker, name)
        for database, broker in list_pairs(given.database, given.broker)
        for name in TRIALS
        if given.only in (None, name)
    ]
    if given.only in (None, RACE_NAME):
        kinds = [given.database] if given.database else list(faults.FAULTS)
        results += [run_races(kind) for kind in kinds]
    if given.only in (None, FAULTS_NAME):
        results += [
            run_fault(kind, fault)
            for kind, faults_of_kind in faults.FAULTS.items()
            for fault in faults_of_kind
            if given.database in (None, kind)
        ]
    return 0 if all(results) else 1


def run_races(database: str) -> bool:
    """Run all races at a gateway and print the results; return True if all passed."""
    is_good = True
    with (
        tempfile.TemporaryDirectory() as home,
        running_environment(database, Path(home)) as environment,
    ):
        for race in racing.run_all_races(environment):
            is_good = is_good and race.is_good
            verdict = "ok  " if race.is_good else "BAD "
            print(f"{verdict} race · {database} · {race}", flush=True)
    return is_good


def run_fault(database: str, fault: faults.Fault) -> bool:
    """Run one fault and print the result; return True if the gateway recovered."""
    with (
        tempfile.TemporaryDirectory() as home,
        running_environment(database, Path(home)) as environment,
    ):
        outcome = faults.run_fault(environment, create_tenant(), fault, codes=10_000)
    answers = outcome.players.responses
    slowest = max(answer.seconds for answer in answers)
    counts = outcome.players.count_statuses().items()
    print(
        f"{'BAD ' if outcome.violations else 'ok  '} {fault.__name__} · {database}: "
        f"recovered after {outcome.recovery_seconds:.2f} s; "
        f"slowest answer {slowest:.1f} s; "
        + ", ".join(f"{count} × {status}" for status, count in counts),
        *outcome.violations,
        sep="\n     ",
        flush=True,
    )
    return not outcome.violations


def list_pairs(database: str | None, broker: str | None) -> list[tuple[str, str]]:
    """Return the pairs of database and broker to test."""
    brokers = ["redis", "rabbitmq"] if find_rabbitmq() else ["redis"]
    databases = [database] if database else ["sqlite", "postgresql"]
    return list(itertools.product(databases, [broker] if broker else brokers))


def run_trial(database: str, broker: str, name: str) -> bool:
    """Run one trial and print its result; return True if it passed."""
    migrated = name != UPGRADE_NAME
    with prepared_environment(database, broker, migrated) as (settings, server):
        is_good, summary = TRIALS[name](settings, server)
    print(f"{'ok  ' if is_good else 'BAD '} {name} · {database} · {broker}: {summary}")
    sys.stdout.flush()
    return is_good


@contextmanager
def prepared_environment(
    database: str, broker: str, migrated: bool
) -> Iterator[tuple[Settings, Broker]]:
    """Yield settings and broker of a fresh database, with the core started."""
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        if broker == "redis":
            server = stack.enter_context(redis_server(home))
        else:
            server = stack.enter_context(rabbit_server())
        databases = create_databases(stack, database, home)
        url = stack.enter_context(databases.temporary_database(migrated=migrated))
        settings = build_settings(url, home / "var", server.url)
        yield stack.enter_context(started_core(settings)), server


def create_databases(stack: ExitStack, database: str, home: Path) -> Databases:
    """Return databases of a kind, on a server of their own."""
    if database == "sqlite":
        return SqliteDatabases(home / "sqlite", migrate_database)
    server = stack.enter_context(postgres_server(home, fsync=True))
    return PostgresDatabases(server.address, "chaos", migrate_database)


if __name__ == "__main__":
    sys.exit(main())
