"""A batch that is generated exactly once although its workers are killed."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass

from coupon_core.domain.models import utc_now
from coupon_core.domain.models.batches import Batch, BatchState
from coupon_core.services import batches
from coupon_core.services.batches import BatchRequest
from coupon_core.settings.loader import Settings
from tests.chaos.earning import becomes_true
from tests.chaos.worker_processes import WorkerGroup, worker_group
from tests.factories.tenant import TenantFactory
from tests.support.invariants import assert_invariants, fetch_rows, list_events


@dataclass(frozen=True)
class Plan:
    """How many coupons and workers, and how often a worker is killed."""

    coupons: int
    workers: int = 2
    kills: int = 5
    timeout_seconds: float = 300.0


@dataclass(frozen=True)
class Outcome:
    """What the database contains at the end."""

    batch: Batch
    coupons: int
    codes: int
    completion_events: int  # of this batch
    kills: int
    seconds: float


def generate_with_kills(
    settings: Settings, tenant: TenantFactory, plan: Plan, seed: int = 1
) -> Outcome:
    """Request a batch, kill a worker after each part, and wait for the end."""
    rng = random.Random(seed)
    definition = tenant.define(code_length=10)
    ids, wanted = (
        (tenant.tenant_id, definition.definition_id),
        BatchRequest(plan.coupons),
    )
    batch = batches.request(*ids, wanted, utc_now())
    began = time.monotonic()
    with (
        worker_group("relay", 1, settings),
        worker_group("generator", plan.workers, settings) as workers,
    ):
        for number in range(plan.kills):
            part = plan.coupons * number // (plan.kills + 1)
            assert becomes_true(
                lambda count=part: reload_batch(batch).generated_count > count, 60
            )
            time.sleep(rng.uniform(0, 0.1))
            replace_worker(workers, rng)
        becomes_true(lambda: is_finished(batch), plan.timeout_seconds)
        seconds = time.monotonic() - began
        # Redelivered messages must not change anything now.
        time.sleep(settings.visibility_seconds / 2)
    assert_invariants()
    completed = [data["batch_id"] for _, data in list_events("batch.completed")]
    completion_events = completed.count(batch.batch_id)
    return Outcome(
        reload_batch(batch),
        *count_coupons(batch),
        completion_events,
        workers.kill_count,
        seconds,
    )


def replace_worker(workers: WorkerGroup, rng: random.Random) -> None:
    """Kill a random worker and start another."""
    workers.kill_process(rng.choice(workers.processes))
    workers.start_process()


def reload_batch(batch: Batch) -> Batch:
    """Return the batch as it is stored now."""
    return batches.get(batch.tenant_id, batch.batch_id)


def is_finished(batch: Batch) -> bool:
    """Return True if the batch is completed, failed, or cancelled."""
    return reload_batch(batch).state not in (BatchState.PENDING, BatchState.RUNNING)


def count_coupons(batch: Batch) -> tuple[int, int]:
    """Return the number of coupons of a batch, and of different codes."""
    sql = f"""SELECT count(*), count(DISTINCT code_key) FROM coupon
        WHERE tenant_id = '{batch.tenant_id}' AND batch_id = '{batch.batch_id}'"""
    ((coupons, codes),) = fetch_rows(sql)
    return coupons, codes
