"""`make chaos`: the long form, on every pair of database and broker that is here."""

from __future__ import annotations

import argparse
import itertools
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from coupon_core.security.rate_limiting.policy import IN_MEMORY_URL
from coupon_core.settings.loader import Settings
from tests.chaos import (
    batching,
    delivering,
    earning,
    faults,
    guessing,
    racing,
)
from tests.chaos.environments import running_environment
from tests.chaos.redelivery import measure_redelivery
from tests.chaos.worker_processes import Broker
from tests.factories.tenant import create_tenant
from tests.support.concurrency import started_core
from tests.support.databases import PostgresDatabases, SqliteDatabases, migrate_database
from tests.support.servers import (
    RabbitServer,
    find_rabbitmq,
    postgres_server,
    rabbit_server,
    redis_server,
)
from tests.support.settings import build_settings

TrialResult = tuple[bool, str]
FAULTS_NAME, RACE_NAME = "faults", "race"
# What an honest player waits beside guessers, of a hundred all but one: at most so
# long, and so many times what he waits beside as many ordinary callers.
MAX_P99_MILLISECONDS, MAX_SLOWDOWN_FACTOR = 100, 1.5
MAX_COST_FACTOR = (
    1.1  # of a validation's CPU: two runs differ by some hundredths anyhow
)


def main() -> int:
    """The exit status: 1 when anything was lost, doubled or late."""
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--database", choices=["sqlite", "postgresql"])
    parser.add_argument("--broker", choices=["redis", "rabbitmq"])
    parser.add_argument("--only", choices=[*TRIALS, RACE_NAME, FAULTS_NAME])
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
            for kind, happening in faults.FAULTS.items()
            for fault in happening
            if given.database in (None, kind)
        ]
    return 0 if all(results) else 1


def run_races(database: str) -> bool:
    """Whether all races at a gateway end as they must; says how each ended."""
    good = True
    with (
        tempfile.TemporaryDirectory() as home,
        running_environment(database, Path(home)) as scene,
    ):
        for one in racing.run_all_races(scene):
            good = good and one.is_good
            told = "ok  " if one.is_good else "BAD "
            print(f"{told} race · {database} · {one}", flush=True)
    return good


def run_fault(database: str, fault: faults.Fault) -> bool:
    """Whether a gateway bears a fault; says so."""
    with (
        tempfile.TemporaryDirectory() as home,
        running_environment(database, Path(home)) as scene,
    ):
        outcome = faults.run_fault(scene, create_tenant(), fault, codes=10_000)
    answers = outcome.players.responses
    slowest = max(answer.seconds for answer in answers)
    counts = outcome.players.count_statuses().items()
    print(
        f"{'BAD ' if outcome.violations else 'ok  '} {fault.__name__} · {database}: "
        f"served again {outcome.recovery_seconds:.2f} s after; "
        f"slowest answer {slowest:.1f} s; "
        + ", ".join(f"{count} × {status}" for status, count in counts),
        *outcome.violations,
        sep="\n     ",
        flush=True,
    )
    return not outcome.violations


def list_pairs(database: str | None, broker: str | None) -> list[tuple[str, str]]:
    brokers = ["redis", "rabbitmq"] if find_rabbitmq() else ["redis"]
    databases = [database] if database else ["sqlite", "postgresql"]
    return list(itertools.product(databases, [broker] if broker else brokers))


def run_trial(database: str, broker: str, name: str) -> bool:
    with prepared_environment(database, broker) as (settings, server):
        good, words = TRIALS[name](settings, server)
    print(f"{'ok  ' if good else 'BAD '} {name} · {database} · {broker}: {words}")
    sys.stdout.flush()
    return good


@contextmanager
def prepared_environment(
    database: str, broker: str
) -> Iterator[tuple[Settings, Broker]]:
    """A fresh database and a broker, with the core at work in this process."""
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        if broker == "redis":
            server = stack.enter_context(redis_server(home))
        else:
            server = stack.enter_context(rabbit_server(find_rabbitmq()))
        url = stack.enter_context(fresh_database(stack, database, home))
        settings = build_settings(url, home / "var", server.url)
        yield stack.enter_context(started_core(settings)), server


def fresh_database(stack: ExitStack, database: str, home: Path) -> ExitStack:
    if database == "sqlite":
        return SqliteDatabases(home / "sqlite", migrate_database).temporary_database()
    server = stack.enter_context(postgres_server(home, fsync=True))
    return PostgresDatabases(
        server.address, "chaos", migrate_database
    ).temporary_database()


def run_earning_trial(settings: Settings, broker: Broker) -> TrialResult:
    plan = earning.Plan(events=10_000, seconds=30, broker_up_seconds=10)
    shop = create_tenant()
    feed, outcome = earning.earn_with_kills(settings, broker, shop, plan)
    missing = feed.users - outcome.coupons.keys()
    twice = [user for user, count in outcome.coupons.items() if count > 1]
    buried = set(outcome.dead_letter_bodies)
    good = not (missing or twice) and buried == feed.poison
    return good, (
        f"{plan.events} events, {outcome.coupons.total()} coupons of "
        f"{len(feed.users)} ({len(missing)} missing, {len(twice)} twice), "
        f"{len(buried)} of {len(feed.poison)} poison buried; "
        f"{outcome.workers_killed} workers and {outcome.brokers_killed} brokers "
        f"killed; settled {outcome.seconds_after:.1f} s after the last"
    )


def run_delivery_trial(settings: Settings, broker: Broker) -> TrialResult:
    plan = delivering.Plan(redemptions=5_000, seconds=40)
    used, outcome = delivering.deliver_with_kills(
        settings, broker, create_tenant(), plan
    )
    doubled = outcome.events.total() - len(outcome.events)
    missing = used - outcome.events.keys()
    good = not missing and doubled < 0.05 * len(used) and outcome.seconds_after <= 30
    return good, (
        f"{len(used)} redeems (the slowest {outcome.slowest_ms:.0f} ms), "
        f"{len(outcome.events)} told, {len(missing)} missing, {doubled} doubled "
        f"({doubled / len(used):.1%}); {outcome.relays_killed} relays and "
        f"{outcome.brokers_killed} brokers killed; outbox empty "
        f"{outcome.seconds_after:.1f} s after the last"
    )


def run_redelivery_trial(settings: Settings, broker: Broker) -> TrialResult:
    redone = measure_redelivery(settings, create_tenant(), 120)
    is_rabbit = isinstance(broker, RabbitServer)
    good = redone.after_successor <= 2 if is_rabbit else redone.after_death <= 90
    return good, (
        f"redone {redone.after_death:.1f} s after its worker was killed, "
        f"{redone.after_successor:.1f} s after another had begun to work"
    )


def run_batch_trial(settings: Settings, broker: Broker) -> TrialResult:
    plan = batching.Plan(coupons=1_000_000)
    outcome = batching.generate_with_kills(settings, create_tenant(), plan)
    asked = plan.coupons
    good = (outcome.coupons, outcome.codes, outcome.completion_events) == (
        asked,
        asked,
        1,
    )
    return good and outcome.batch.state == "completed", (
        f"{outcome.coupons:,} coupons with {outcome.codes:,} codes of {asked:,}; "
        f"{outcome.batch.state}, told {outcome.completion_events} times; {outcome.kills} workers "
        f"killed; {outcome.seconds:.0f} s"
    )


def run_guessing_trial(settings: Settings, broker: Broker) -> TrialResult:
    url = IN_MEMORY_URL if isinstance(broker, RabbitServer) else broker.url
    plan = guessing.Plan(
        100_000,
        unassigned_codes=10_000,
        honest_redemptions=800,
        rounds=8,
        check_latency=True,
    )
    outcome = guessing.measure_guessing(
        replace(settings, redis_url=url), create_tenant(), plan
    )
    allowed = outcome.budget * (
        2 if url == IN_MEMORY_URL else 1
    )  # each of two processes
    alone, ordinary, beside = (
        outcome.alone,
        outcome.beside_callers,
        outcome.beside_guessers,
    )
    unharmed = beside.p99_ms <= min(
        MAX_P99_MILLISECONDS, MAX_SLOWDOWN_FACTOR * ordinary.p99_ms
    )
    good = unharmed and beside.cost_us <= MAX_COST_FACTOR * ordinary.cost_us
    return good and outcome.is_good(allowed), (
        f"{beside.answers.total():,} guesses, {outcome.evaluated} evaluated of "
        f"{allowed} allowed, {beside.answers[200]} hits; an honest redeem takes (p99) "
        f"{beside.p99_ms:.0f} ms beside {beside.rate:.0f} guesses a second of "
        f"{beside.cost_us:.0f} µs, {ordinary.p99_ms:.0f} ms beside "
        f"{ordinary.rate:.0f} validations of {ordinary.cost_us:.0f} µs by as many "
        f"callers, {alone.p99_ms:.0f} ms alone"
    )


TRIALS: dict[str, Callable[[Settings, Broker], TrialResult]] = {
    "earn": run_earning_trial,
    "deliver": run_delivery_trial,
    "redo": run_redelivery_trial,
    "batch": run_batch_trial,
    "guess": run_guessing_trial,
}

if __name__ == "__main__":
    sys.exit(main())
