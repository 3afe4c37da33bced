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

from coupon_core.security.rate_limiting.policy import ALONE
from coupon_core.settings.loader import Settings
from tests.chaos import batching, delivering, earning, faults, guessing, racing
from tests.chaos.crew import Broker
from tests.chaos.redelivery import time_until_redone
from tests.chaos.scenes import scene_on
from tests.cores import started
from tests.databases import PostgresDatabases, SqliteDatabases, upgrade
from tests.servers import (
    RabbitServer,
    find_rabbitmq,
    postgres_server,
    rabbit_server,
    redis_server,
)
from tests.settings import settings_for
from tests.shop import new_shop

Told = tuple[bool, str]
FAULTS_NAME, RACE_NAME = "faults", "race"
# What an honest player waits beside guessers, of a hundred all but one: at most so
# long, and so many times what he waits beside as many ordinary callers.
MOST_MS, MOST_TIMES = 100, 1.5
MOST_COST = 1.1  # of a validation's CPU: two runs differ by some hundredths anyhow


def main() -> int:
    """The exit status: 1 when anything was lost, doubled or late."""
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--database", choices=["sqlite", "postgresql"])
    parser.add_argument("--broker", choices=["redis", "rabbitmq"])
    parser.add_argument("--only", choices=[*TRIALS, RACE_NAME, FAULTS_NAME])
    given = parser.parse_args()
    results = [
        told(database, broker, name)
        for database, broker in pairs(given.database, given.broker)
        for name in TRIALS
        if given.only in (None, name)
    ]
    if given.only in (None, RACE_NAME):
        kinds = [given.database] if given.database else list(faults.FAULTS)
        results += [raced(kind) for kind in kinds]
    if given.only in (None, FAULTS_NAME):
        results += [
            borne(kind, fault)
            for kind, happening in faults.FAULTS.items()
            for fault in happening
            if given.database in (None, kind)
        ]
    return 0 if all(results) else 1


def raced(database: str) -> bool:
    """Whether all races at a gateway end as they must; says how each ended."""
    good = True
    with tempfile.TemporaryDirectory() as home, scene_on(database, Path(home)) as scene:
        for one in racing.all_races(scene):
            good = good and one.is_good
            told = "ok  " if one.is_good else "BAD "
            print(f"{told} race · {database} · {one}", flush=True)
    return good


def borne(database: str, fault: faults.Fault) -> bool:
    """Whether a gateway bears a fault; says so."""
    with tempfile.TemporaryDirectory() as home, scene_on(database, Path(home)) as scene:
        outcome = faults.bear(scene, new_shop(), fault, codes=10_000)
    answers = outcome.shoppers.answers
    slowest = max(answer.seconds for answer in answers)
    counts = outcome.shoppers.statuses().items()
    print(
        f"{'BAD ' if outcome.broken else 'ok  '} {fault.__name__} · {database}: "
        f"served again {outcome.recovered:.2f} s after; "
        f"slowest answer {slowest:.1f} s; "
        + ", ".join(f"{count} × {status}" for status, count in counts),
        *outcome.broken,
        sep="\n     ",
        flush=True,
    )
    return not outcome.broken


def pairs(database: str | None, broker: str | None) -> list[tuple[str, str]]:
    brokers = ["redis", "rabbitmq"] if find_rabbitmq() else ["redis"]
    databases = [database] if database else ["sqlite", "postgresql"]
    return list(itertools.product(databases, [broker] if broker else brokers))


def told(database: str, broker: str, name: str) -> bool:
    with stage(database, broker) as (settings, server):
        good, words = TRIALS[name](settings, server)
    print(f"{'ok  ' if good else 'BAD '} {name} · {database} · {broker}: {words}")
    sys.stdout.flush()
    return good


@contextmanager
def stage(database: str, broker: str) -> Iterator[tuple[Settings, Broker]]:
    """A fresh database and a broker, with the core at work in this process."""
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        if broker == "redis":
            server = stack.enter_context(redis_server(home))
        else:
            server = stack.enter_context(rabbit_server(find_rabbitmq()))
        url = stack.enter_context(fresh(stack, database, home))
        settings = settings_for(url, home / "var", server.url)
        yield stack.enter_context(started(settings)), server


def fresh(stack: ExitStack, database: str, home: Path) -> ExitStack:
    if database == "sqlite":
        return SqliteDatabases(home / "sqlite", upgrade).fresh()
    server = stack.enter_context(postgres_server(home, fsync=True))
    return PostgresDatabases(server.address, "chaos", upgrade).fresh()


def earn(settings: Settings, broker: Broker) -> Told:
    plan = earning.Plan(events=10_000, seconds=30, broker_up=10)
    shop = new_shop()
    feed, outcome = earning.earn_under_fire(settings, broker, shop, plan)
    missing = feed.users - outcome.coupons.keys()
    twice = [user for user, count in outcome.coupons.items() if count > 1]
    buried = set(outcome.buried)
    good = not (missing or twice) and buried == feed.poison
    return good, (
        f"{plan.events} events, {outcome.coupons.total()} coupons of "
        f"{len(feed.users)} ({len(missing)} missing, {len(twice)} twice), "
        f"{len(buried)} of {len(feed.poison)} poison buried; "
        f"{outcome.workers_killed} workers and {outcome.brokers_killed} brokers "
        f"killed; settled {outcome.seconds_after:.1f} s after the last"
    )


def deliver(settings: Settings, broker: Broker) -> Told:
    plan = delivering.Plan(redeems=5_000, seconds=40)
    used, outcome = delivering.deliver_under_fire(settings, broker, new_shop(), plan)
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


def redo(settings: Settings, broker: Broker) -> Told:
    redone = time_until_redone(settings, new_shop(), 120)
    is_rabbit = isinstance(broker, RabbitServer)
    good = redone.after_successor <= 2 if is_rabbit else redone.after_death <= 90
    return good, (
        f"redone {redone.after_death:.1f} s after its worker was killed, "
        f"{redone.after_successor:.1f} s after another had begun to work"
    )


def batch(settings: Settings, broker: Broker) -> Told:
    plan = batching.Plan(coupons=1_000_000)
    outcome = batching.batch_under_fire(settings, new_shop(), plan)
    asked = plan.coupons
    good = (outcome.coupons, outcome.codes, outcome.told) == (asked, asked, 1)
    return good and outcome.batch.state == "completed", (
        f"{outcome.coupons:,} coupons with {outcome.codes:,} codes of {asked:,}; "
        f"{outcome.batch.state}, told {outcome.told} times; {outcome.kills} workers "
        f"killed; {outcome.seconds:.0f} s"
    )


def guess(settings: Settings, broker: Broker) -> Told:
    url = ALONE if isinstance(broker, RabbitServer) else broker.url
    plan = guessing.Plan(100_000, loose_codes=10_000, honest=800, rounds=8, timed=True)
    outcome = guessing.guess_against(replace(settings, redis_url=url), new_shop(), plan)
    allowed = outcome.budget * (2 if url == ALONE else 1)  # each of two processes
    alone, ordinary, beside = outcome.alone, outcome.ordinary, outcome.guessers
    unharmed = beside.p99_ms <= min(MOST_MS, MOST_TIMES * ordinary.p99_ms)
    good = unharmed and beside.cost_us <= MOST_COST * ordinary.cost_us
    return good and outcome.is_good(allowed), (
        f"{beside.answers.total():,} guesses, {outcome.evaluated} evaluated of "
        f"{allowed} allowed, {beside.answers[200]} hits; an honest redeem takes (p99) "
        f"{beside.p99_ms:.0f} ms beside {beside.rate:.0f} guesses a second of "
        f"{beside.cost_us:.0f} µs, {ordinary.p99_ms:.0f} ms beside "
        f"{ordinary.rate:.0f} validations of {ordinary.cost_us:.0f} µs by as many "
        f"callers, {alone.p99_ms:.0f} ms alone"
    )


TRIALS: dict[str, Callable[[Settings, Broker], Told]] = {
    "earn": earn,
    "deliver": deliver,
    "redo": redo,
    "batch": batch,
    "guess": guess,
}

if __name__ == "__main__":
    sys.exit(main())
