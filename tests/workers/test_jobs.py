"""Work on many codes over the bus: each chunk once, and no redeem after a revoke."""

from __future__ import annotations

from functools import partial

import pytest

from coupon_core.domain.models import Reason, utc_now
from coupon_core.domain.models.inventory import CodeJob, JobState
from coupon_core.persistence.database import execute
from coupon_core.services import batches
from coupon_core.services.batches import Wanted
from coupon_core.services.codes import jobs
from coupon_core.settings.loader import Settings
from tests.conftest import Broker
from tests.cores import at_once
from tests.invariants import assert_invariants, events
from tests.shop import NOW, Shop
from tests.workers.bus import empty, in_time
from tests.workers.reached import last_letter, message
from tests.workers.test_batches import QUEUE, generating, relay_all
from workers.message_handlers import handle


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "CHUNK", 7)


def batch_of(shop: Shop, count: int) -> str:
    """The id of a finished batch of coupons that nobody holds."""
    ids = shop.tenant_id, shop.define().definition_id
    batch = batches.request(*ids, Wanted(count), NOW)
    for number in range(1, batch.chunk_count + 1):
        batches.make_chunk((shop.tenant_id, batch.batch_id, number), NOW)
    return batch.batch_id


def codes(shop: Shop) -> list[str]:
    sql = "SELECT code FROM coupon WHERE tenant_id = :tenant_id ORDER BY coupon_id"
    rows = execute(sql, {"tenant_id": shop.tenant_id}).fetchall()
    return [code for (code,) in rows]


def now_so(job: CodeJob) -> CodeJob:
    return jobs.get(job.tenant_id, job.job_id)


def revoke(shop: Shop, batch_id: str) -> CodeJob:
    return jobs.revoke_batch(shop.tenant_id, batch_id, "key", utc_now())


def test_a_batch_is_revoked_over_the_bus(shop: Shop, broker: Broker) -> None:
    empty(broker)
    batch_id = batch_of(shop, 40)
    used = codes(shop)[20]
    shop.redeem(used)
    job = revoke(shop, batch_id)
    assert (job.state, job.done_count) == (JobState.RUNNING, 7)
    with generating(broker):
        for _ in range(10):
            relay_all(broker)
            if in_time(lambda: now_so(job).state == JobState.COMPLETED, 1):
                break
    done = now_so(job)
    assert (done.done_count, done.skipped_count) == (39, 1)
    told = [data["job"] for tenant, data in events("codes.revoked")]
    assert [one["done"] for one in told if one["job_id"] == job.job_id] == [39]
    assert_invariants()


def test_many_workers_at_one_chunk_do_it_once(shop: Shop) -> None:
    job = revoke(shop, batch_of(shop, 30))
    again = partial(jobs.work, shop.tenant_id, job.job_id, 2, utc_now())
    assert {one.done_count for one in at_once([again] * 6)} == {14}
    assert jobs.finish(now_so(job), lambda one: None).done_count == 30


def test_a_job_that_was_forgotten_is_driven_on(shop: Shop) -> None:
    job = revoke(shop, batch_of(shop, 30))
    execute("DELETE FROM outbox", {})
    assert jobs.remind(utc_now()) == 0
    later = utc_now() + jobs.FORSAKEN * 2
    assert jobs.remind(later) >= 1
    sql = "SELECT data FROM outbox WHERE event_type = 'code_job.chunk'"
    (data,) = (row[0] for row in execute(sql, {}).fetchall() if job.job_id in row[0])
    assert handle(message(data.encode(), QUEUE)) == "running"
    assert now_so(job).done_count == 14


def test_after_a_completed_revoke_no_redeem_succeeds(
    core: Settings, shop: Shop
) -> None:
    """I10, with uses under way while the job runs."""
    batch_id = batch_of(shop, 40)
    mine = codes(shop)

    def end() -> int:
        done = jobs.finish(revoke(shop, batch_id), lambda one: None)
        return done.done_count

    uses = [partial(shop.redeem, code, f"user-{code}") for code in mine[::4]]
    revoked, *used = at_once([end, *uses])
    successes = [one for one in used if one != Reason.REVOKED]
    assert revoked == len(mine) - len(successes)
    late = at_once([partial(shop.redeem, code, f"user-{code}") for code in mine[:8]])
    assert all(one in (Reason.REVOKED, Reason.ALREADY_REDEEMED) for one in late)
    assert_invariants()


def test_a_chunk_of_an_unknown_job_is_a_dead_letter(shop: Shop) -> None:
    unknown = "aa0e8400-e29b-41d4-a716-446655440005"
    body = {"tenant_id": shop.tenant_id, "job_id": unknown, "chunk_number": 1}
    assert handle(message(body, QUEUE)) == "buried"
    assert last_letter()[1] == "job not found"
