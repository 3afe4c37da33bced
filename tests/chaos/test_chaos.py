"""The short form of what `make chaos` does at length."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from coupon_core.persistence.repositories import bulk_coupons
from coupon_core.settings.loader import Settings
from tests.chaos import batching, delivering, earning, guessing
from tests.chaos.redelivery import time_until_redone
from tests.conftest import Broker
from tests.cores import started
from tests.servers import RabbitServer, RedisServer
from tests.settings import settings_for
from tests.shop import new_shop

pytestmark = pytest.mark.slow
VISIBILITY = 3
# `make chaos` takes every pair.
on_two_pairs = pytest.mark.parametrize(
    ("migrated_template", "own_broker"),
    [("sqlite", "redis"), ("postgresql", "rabbitmq")],
    indirect=True,
)


def settings_of(database_url: str, broker: Broker, tmp_path: Path) -> Settings:
    settings = settings_for(database_url, tmp_path, broker.url)
    return replace(settings, visibility_seconds=VISIBILITY)


@on_two_pairs
def test_each_milestone_earns_one_coupon_though_workers_and_broker_are_killed(
    database_url: str, own_broker: Broker, tmp_path: Path
) -> None:
    plan = earning.Plan(
        events=1_000, seconds=6, workers=2, kill_every=(1, 2), broker_up=3
    )
    settings = settings_of(database_url, own_broker, tmp_path)
    with started(settings):
        feed, outcome = earning.earn_under_fire(settings, own_broker, new_shop(), plan)
    assert outcome.coupons == dict.fromkeys(feed.users, 1)
    assert set(outcome.buried) == feed.poison
    assert outcome.workers_killed >= 2
    assert outcome.brokers_killed >= 1


@on_two_pairs
def test_each_redemption_is_told_though_broker_and_relay_are_killed(
    database_url: str, own_broker: Broker, tmp_path: Path
) -> None:
    plan = delivering.Plan(
        redeems=1_000, seconds=8, kill_every=2, broker_up=2, broker_down=2
    )
    settings = settings_of(database_url, own_broker, tmp_path)
    with started(settings):
        used, outcome = delivering.deliver_under_fire(
            settings, own_broker, new_shop(), plan
        )
    assert set(outcome.events) == used
    assert outcome.events.total() < 1.05 * len(used)
    assert outcome.seconds_after <= 30
    assert outcome.relays_killed >= 2


@on_two_pairs
def test_what_a_killed_worker_held_is_redone_under_a_steady_feed(
    database_url: str, own_broker: Broker, tmp_path: Path
) -> None:
    settings = settings_of(database_url, own_broker, tmp_path)
    with started(settings):
        redone = time_until_redone(settings, new_shop(), 30)
    if isinstance(own_broker, RabbitServer):
        assert redone.after_successor <= 2
    else:
        assert redone.after_death <= VISIBILITY + 7


@pytest.mark.parametrize("own_broker", ["redis"], indirect=True)
def test_a_batch_is_made_exactly_though_its_workers_are_killed(
    database_url: str,
    own_broker: Broker,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bulk_coupons, "CHUNK_OF_POSTGRESQL", 500)
    monkeypatch.setattr(bulk_coupons, "CHUNK_OF_SQLITE", 500)
    plan = batching.Plan(coupons=20_000, workers=1)
    with started(settings_of(database_url, own_broker, tmp_path)) as settings:
        outcome = batching.batch_under_fire(settings, new_shop(), plan)
    assert outcome.batch.state == "completed"
    assert (outcome.coupons, outcome.codes, outcome.told) == (20_000, 20_000, 1)
    assert outcome.kills == 5


@pytest.mark.parametrize("migrated_template", ["sqlite"], indirect=True)
def test_a_guesser_spends_his_budget_while_others_redeem(
    database_url: str, redis: RedisServer, tmp_path: Path
) -> None:
    plan = guessing.Plan(guesses=1_600, loose_codes=200, honest=20)
    redis.flush()
    settings = settings_for(database_url, tmp_path)
    with started(settings):
        together = replace(settings, redis_url=redis.url)
        outcome = guessing.guess_against(together, new_shop(), plan)
    assert outcome.is_good(outcome.budget), outcome
    assert outcome.evaluated == outcome.budget
    assert outcome.guessers.answers.total() == plan.guesses
