"""A batch under fire: exactly what was asked, though its workers are killed."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass

from coupon_core.domain.models import utc_now
from coupon_core.domain.models.batches import Batch, BatchState
from coupon_core.services import batches
from coupon_core.services.batches import Wanted
from coupon_core.settings.loader import Settings
from tests.chaos.crew import Crew, crew
from tests.chaos.earning import await_settled
from tests.invariants import assert_invariants, events, rows
from tests.shop import Shop


@dataclass(frozen=True)
class Plan:
    """How much is asked for, of how many workers, and how often one is killed."""

    coupons: int
    workers: int = 2
    kills: int = 5
    patience: float = 300.0


@dataclass(frozen=True)
class Outcome:
    """What the database says in the end."""

    batch: Batch
    coupons: int
    codes: int
    told: int  # times that completion was told
    kills: int
    seconds: float


def batch_under_fire(
    settings: Settings, shop: Shop, plan: Plan, seed: int = 1
) -> Outcome:
    """Ask, kill whenever another part is done, wait until the batch is at its end."""
    choice = random.Random(seed)
    definition = shop.define(code_length=10)
    ids, wanted = (shop.tenant_id, definition.definition_id), Wanted(plan.coupons)
    batch = batches.request(*ids, wanted, utc_now())
    began = time.monotonic()
    with (
        crew("relay", 1, settings),
        crew("generator", plan.workers, settings) as workers,
    ):
        for number in range(plan.kills):
            part = plan.coupons * number // (plan.kills + 1)
            assert await_settled(lambda at=part: now(batch).generated_count > at, 60)
            time.sleep(choice.uniform(0, 0.1))
            replace_one(workers, choice)
        await_settled(lambda: is_over(batch), plan.patience)
        seconds = time.monotonic() - began
        # What is redelivered now must change nothing any more.
        time.sleep(settings.visibility_seconds / 2)
    assert_invariants()
    completed = [data["batch_id"] for _, data in events("batch.completed")]
    told = completed.count(batch.batch_id)
    return Outcome(now(batch), *counted(batch), told, workers.kills, seconds)


def replace_one(workers: Crew, choice: random.Random) -> None:
    workers.kill(choice.choice(workers.members))
    workers.hire()


def now(batch: Batch) -> Batch:
    """The batch as it is now."""
    return batches.get(batch.tenant_id, batch.batch_id)


def is_over(batch: Batch) -> bool:
    return now(batch).state not in (BatchState.PENDING, BatchState.RUNNING)


def counted(batch: Batch) -> tuple[int, int]:
    """How many coupons a batch has, and how many different codes."""
    sql = f"""SELECT count(*), count(DISTINCT code_key) FROM coupon
        WHERE tenant_id = '{batch.tenant_id}' AND batch_id = '{batch.batch_id}'"""
    ((coupons, codes),) = rows(sql)
    return coupons, codes
