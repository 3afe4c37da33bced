"""Workers killed at critical points: no loss, no duplicates, mutants are detected.

The same checks pass without a mutation.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from coupon_core.persistence.repositories import bulk_coupons
from coupon_core.settings.loader import Settings
from tests.chaos import mutant_workers as broken
from tests.chaos.fault_scenarios import (
    BEFORE_ACK,
    BEFORE_COMMIT,
    BEFORE_MARK_SENT,
    BEFORE_PUBLISHING,
    BEFORE_SENDING,
    Scenario,
    check_publisher_confirms,
    chunks,
    milestones,
    redemptions,
    webhook,
)
from tests.chaos.kill_points import KillScenario, Mutation
from tests.factories.tenant import create_tenant
from tests.support.concurrency import started_core
from tests.support.invariants import assert_invariants
from tests.support.servers import RabbitServer, RedisServer
from tests.support.settings import build_settings
from tests.support.webhook_receiver import LOOPBACK_NETWORKS
from tests.workers.raw_messages import purge_queues

pytestmark = pytest.mark.slow
KILL_CASES = (
    (broken.marks_before_it_publishes, redemptions, BEFORE_PUBLISHING),
    (broken.acknowledges_before_the_commit, milestones, BEFORE_COMMIT),
    (broken.gives_nothing_back, milestones, BEFORE_COMMIT),
    (broken.tells_no_occurrence_from_another, milestones, BEFORE_ACK),
    (broken.tries_poison_for_ever, milestones, BEFORE_ACK),
    (broken.stumbles_over_poison, milestones, BEFORE_ACK),
    (broken.claims_no_chunk, chunks, BEFORE_ACK),
    (broken.forgets_whom_it_served, webhook, BEFORE_SENDING),
    (broken.settles_before_it_sends, webhook, BEFORE_SENDING),
)
ALTERNATING_CASES = [
    (("sqlite", "postgresql")[at % 2], *case) for at, case in enumerate(KILL_CASES)
]
IDS = [sabotage.__name__.replace("_", "-") for sabotage, _, _ in KILL_CASES]
POINTS = [
    (redemptions, BEFORE_MARK_SENT),
    *dict.fromkeys(case[1:] for case in KILL_CASES),
]
# These produce nothing more, so a short timeout is enough.
PATIENCE = 2


@pytest.fixture
def settings(
    database_url: str,
    redis: RedisServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Settings]:
    """Yield the core on a bus without messages of a previous test."""
    monkeypatch.setattr(bulk_coupons, "POSTGRESQL_CHUNK_SIZE", 20)
    monkeypatch.setattr(bulk_coupons, "SQLITE_CHUNK_SIZE", 20)
    redis.flush()
    given = build_settings(database_url, tmp_path, redis.url)
    with started_core(replace(given, webhook_networks=LOOPBACK_NETWORKS)) as settings:
        yield settings
    redis.flush()


@pytest.mark.parametrize(
    ("migrated_template", "sabotage", "act", "at"),
    ALTERNATING_CASES,
    ids=IDS,
    indirect=["migrated_template"],
)
def test_each_saboteur_is_caught(
    settings: Settings, sabotage: Mutation, act: Scenario, at: str
) -> None:
    scenario = KillScenario(settings, create_tenant(), sabotage, PATIENCE)
    with sabotage(), pytest.raises(AssertionError, match=r"I\d"):
        act_and_check(scenario, act, at)


def act_and_check(scenario: KillScenario, act: Scenario, at: str) -> None:
    """Run a scenario, then check the invariants."""
    act(scenario, at)
    assert_invariants()


@pytest.mark.parametrize("migrated_template", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("act", "at"), POINTS)
def test_a_death_loses_and_doubles_nothing(
    settings: Settings, act: Scenario, at: str
) -> None:
    act_and_check(KillScenario(settings, create_tenant()), act, at)


@pytest.mark.parametrize("migrated_template", ["sqlite"], indirect=True)
def test_a_death_between_commit_and_acknowledgement_on_rabbitmq_doubles_nothing(
    rabbitmq: RabbitServer, settings: Settings
) -> None:
    purge_queues(rabbitmq)
    scenario = KillScenario(replace(settings, broker_url=rabbitmq.url), create_tenant())
    act_and_check(scenario, milestones, BEFORE_ACK)


# Redis has stored what it answered; RabbitMQ answers only with publisher confirms.


@pytest.mark.parametrize("migrated_template", ["sqlite"], indirect=True)
def test_who_waits_for_no_confirm_is_caught(
    rabbitmq: RabbitServer, settings: Settings
) -> None:
    purge_queues(rabbitmq)
    scenario = KillScenario(replace(settings, broker_url=rabbitmq.url), create_tenant())
    check_publisher_confirms(scenario, rabbitmq, pause_seconds=1)
    with (
        broken.waits_for_no_confirm(),
        pytest.raises(AssertionError, match="I4"),
    ):
        check_publisher_confirms(scenario, rabbitmq, pause_seconds=60)
