"""A worker dies at the worst point: nothing is lost or doubled; broken ones are caught.

As with all saboteurs (issue 6), the same checks pass where nobody is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from coupon_core.persistence.repositories import bulk_coupons
from coupon_core.settings.loader import Settings
from tests.chaos import broken_workers as broken
from tests.chaos.acts import (
    BEFORE_PUBLISHING,
    BEFORE_SENDING,
    BEFORE_THE_ACK,
    BEFORE_THE_COMMIT,
    BEFORE_THE_MARK,
    Act,
    chunks,
    confirms,
    milestones,
    redemptions,
    webhook,
)
from tests.chaos.deaths import Ground, Sabotage
from tests.cores import started
from tests.invariants import assert_invariants
from tests.receivers import LOOPBACK
from tests.servers import RabbitServer, RedisServer
from tests.settings import settings_for
from tests.shop import new_shop
from tests.workers.bus import empty

pytestmark = pytest.mark.slow
DYING = (
    (broken.marks_before_it_publishes, redemptions, BEFORE_PUBLISHING),
    (broken.acknowledges_before_the_commit, milestones, BEFORE_THE_COMMIT),
    (broken.gives_nothing_back, milestones, BEFORE_THE_COMMIT),
    (broken.tells_no_occurrence_from_another, milestones, BEFORE_THE_ACK),
    (broken.tries_poison_for_ever, milestones, BEFORE_THE_ACK),
    (broken.stumbles_over_poison, milestones, BEFORE_THE_ACK),
    (broken.claims_no_chunk, chunks, BEFORE_THE_ACK),
    (broken.forgets_whom_it_served, webhook, BEFORE_SENDING),
    (broken.settles_before_it_sends, webhook, BEFORE_SENDING),
)
BY_TURNS = [(("sqlite", "postgresql")[at % 2], *case) for at, case in enumerate(DYING)]
IDS = [sabotage.__name__.replace("_", "-") for sabotage, _, _ in DYING]
POINTS = [(redemptions, BEFORE_THE_MARK), *dict.fromkeys(case[1:] for case in DYING)]
# Of these nothing comes any more, so that the others need not wait long for it.
PATIENCE = 2


@pytest.fixture
def settings(
    database_url: str,
    redis: RedisServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Settings]:
    """The core, with a bus that a dead worker leaves nothing on for the next test."""
    monkeypatch.setattr(bulk_coupons, "CHUNK_OF_POSTGRESQL", 20)
    monkeypatch.setattr(bulk_coupons, "CHUNK_OF_SQLITE", 20)
    redis.flush()
    given = settings_for(database_url, tmp_path, redis.url)
    with started(replace(given, webhook_networks=LOOPBACK)) as settings:
        yield settings
    redis.flush()


@pytest.mark.parametrize(
    ("migrated_template", "sabotage", "act", "at"),
    BY_TURNS,
    ids=IDS,
    indirect=["migrated_template"],
)
def test_each_saboteur_is_caught(
    settings: Settings, sabotage: Sabotage, act: Act, at: str
) -> None:
    ground = Ground(settings, new_shop(), sabotage, PATIENCE)
    with sabotage(), pytest.raises(AssertionError, match=r"I\d"):
        act_and_check(ground, act, at)


def act_and_check(ground: Ground, act: Act, at: str) -> None:
    act(ground, at)
    assert_invariants()


@pytest.mark.parametrize("migrated_template", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("act", "at"), POINTS)
def test_a_death_loses_and_doubles_nothing(
    settings: Settings, act: Act, at: str
) -> None:
    act_and_check(Ground(settings, new_shop()), act, at)


# Redis has stored what it has answered; RabbitMQ answers only who waits for confirms.


@pytest.mark.parametrize("migrated_template", ["sqlite"], indirect=True)
def test_who_waits_for_no_confirm_is_caught(
    rabbitmq: RabbitServer, settings: Settings
) -> None:
    empty(rabbitmq)
    ground = Ground(replace(settings, broker_url=rabbitmq.url), new_shop())
    confirms(ground, rabbitmq)
    with (
        broken.waits_for_no_confirm(),
        pytest.raises(AssertionError, match="I4"),
    ):
        confirms(ground, rabbitmq)
