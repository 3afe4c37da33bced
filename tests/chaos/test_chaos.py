"""Short versions of the trials of `make chaos`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from coupon_core.persistence.repositories import bulk_coupons
from coupon_core.settings.loader import Settings
from tests.chaos import (
    batching,
    delivering,
    earning,
    guessing,
    reporting,
    upgrading,
)
from tests.chaos.redelivery import measure_redelivery
from tests.conftest import Broker
from tests.factories.tenant import create_tenant
from tests.support.concurrency import started_core
from tests.support.installations import (
    PREVIOUS_RELEASE_ADVICE,
    export_previous_release,
    find_previous_release,
)
from tests.support.requirements import report_missing
from tests.support.servers import RedisServer
from tests.support.settings import build_settings
from workers import outbox_relay

pytestmark = pytest.mark.slow
VISIBILITY = 3
# `make chaos` runs every pair.
on_two_pairs = pytest.mark.parametrize(
    ("migrated_template", "own_broker"),
    [("sqlite", "redis"), ("postgresql", "rabbitmq")],
    indirect=True,
)


def settings_of(database_url: str, broker: Broker, tmp_path: Path) -> Settings:
    """Return settings with a short visibility timeout."""
    settings = build_settings(database_url, tmp_path, broker.url)
    return replace(settings, visibility_seconds=VISIBILITY)


@on_two_pairs
def test_each_milestone_earns_one_coupon_though_workers_and_broker_are_killed(
    database_url: str, own_broker: Broker, tmp_path: Path
) -> None:
    plan = earning.Plan(
        events=1_000,
        seconds=6,
        workers=2,
        kill_interval_range=(1, 2),
        broker_up_seconds=3,
    )
    settings = settings_of(database_url, own_broker, tmp_path)
    with started_core(settings):
        feed, outcome = earning.earn_with_kills(
            settings, own_broker, create_tenant(), plan
        )
    assert outcome.coupons == dict.fromkeys(feed.users, 1)
    assert set(outcome.dead_letter_bodies) == feed.poison
    assert outcome.workers_killed >= 2
    assert outcome.brokers_killed >= 1


@on_two_pairs
def test_each_redemption_is_told_though_broker_and_relay_are_killed(
    database_url: str, own_broker: Broker, tmp_path: Path
) -> None:
    plan = delivering.Plan(
        redemptions=1_000,
        seconds=8,
        kill_interval_seconds=2,
        broker_up_seconds=2,
        broker_down_seconds=2,
    )
    settings = settings_of(database_url, own_broker, tmp_path)
    with started_core(settings):
        used, outcome = delivering.deliver_with_kills(
            settings, own_broker, create_tenant(), plan
        )
    assert outcome.seconds_after < plan.timeout_seconds
    assert set(outcome.events) == used
    kill_count = outcome.relays_killed + outcome.brokers_killed
    assert outcome.events.total() - len(used) <= outbox_relay.BATCH_SIZE * kill_count
    assert outcome.relays_killed >= 2


@on_two_pairs
def test_what_a_killed_worker_held_is_redone_under_a_steady_feed(
    database_url: str, own_broker: Broker, tmp_path: Path
) -> None:
    settings = settings_of(database_url, own_broker, tmp_path)
    with started_core(settings):
        # Not only after a timeout of minutes.
        measure_redelivery(settings, create_tenant(), 60)


@pytest.mark.parametrize("own_broker", ["redis"], indirect=True)
def test_a_batch_is_made_exactly_though_its_workers_are_killed(
    database_url: str,
    own_broker: Broker,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bulk_coupons, "POSTGRESQL_CHUNK_SIZE", 500)
    monkeypatch.setattr(bulk_coupons, "SQLITE_CHUNK_SIZE", 500)
    plan = batching.Plan(coupons=20_000, workers=1)
    with started_core(settings_of(database_url, own_broker, tmp_path)) as settings:
        outcome = batching.generate_with_kills(settings, create_tenant(), plan)
    assert outcome.batch.state == "completed"
    assert (outcome.coupons, outcome.codes, outcome.completion_events) == (
        20_000,
        20_000,
        1,
    )
    assert outcome.kills == 5


@pytest.mark.parametrize("migrated_template", ["sqlite"], indirect=True)
def test_a_guesser_spends_his_budget_while_others_redeem(
    database_url: str, redis: RedisServer, tmp_path: Path
) -> None:
    plan = guessing.Plan(guesses=1_600, unassigned_codes=200, honest_redemptions=20)
    redis.flush()
    settings = build_settings(database_url, tmp_path)
    with started_core(settings):
        together = replace(settings, redis_url=redis.url)
        outcome = guessing.measure_guessing(together, create_tenant(), plan)
    assert outcome.is_good(outcome.budget), outcome
    assert outcome.evaluated == outcome.budget
    assert outcome.beside_guessers.answers.total() == plan.guesses


# Without kills also the refusals are exact.
@pytest.mark.parametrize(
    ("migrated_template", "own_broker", "kill_interval"),
    [("sqlite", "redis", 0), ("postgresql", "redis", 1)],
    indirect=["migrated_template", "own_broker"],
)
def test_reports_equal_the_rows_though_gateways_workers_and_broker_are_killed(
    database_url: str, own_broker: Broker, tmp_path: Path, kill_interval: int
) -> None:
    plan = reporting.Plan(
        calls=300, clients=3, users=30, kill_interval_seconds=kill_interval
    )
    with started_core(settings_of(database_url, own_broker, tmp_path)) as settings:
        outcome = reporting.report_with_kills(
            replace(settings, gateway_workers=2),
            own_broker,
            create_tenant(now=None),
            plan,
        )
    assert outcome.answered >= plan.calls
    assert outcome.uses > outcome.returns > 0
    if kill_interval:
        assert outcome.kills["worker"] > 0
    else:
        found = outcome.totals.refused, outcome.totals.validated
        assert found == (outcome.refused, outcome.validated)


@pytest.mark.parametrize(
    ("migrated_template", "own_broker"), [("postgresql", "redis")], indirect=True
)
def test_reports_equal_the_rows_across_an_upgrade_under_load(
    empty_database_url: str, own_broker: Broker, tmp_path: Path
) -> None:
    if not (commit := find_previous_release()):
        report_missing("previous-release", PREVIOUS_RELEASE_ADVICE)
    plan = reporting.Plan(
        calls=160,
        clients=3,
        users=30,
        kill_interval_seconds=0,
        reversal_interval_seconds=0.2,
        call_interval_seconds=0.1,
    )
    previous = export_previous_release(commit, tmp_path)
    settings = settings_of(empty_database_url, own_broker, tmp_path / "var")
    with started_core(settings):
        outcome = upgrading.upgrade_under_load(settings, own_broker, previous, plan)
    assert outcome.errors == outcome.missing_events == set()
    assert outcome.totals.refused == outcome.refused_by_new > 0
