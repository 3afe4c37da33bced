"""Test jobs on many codes: each chunk runs once, and no redemption after a revoke."""

from __future__ import annotations

from functools import partial

import pytest

from coupon_core.domain.models import Reason, utc_now
from coupon_core.domain.models.inventory import CodeJob, CodeTarget, JobState
from coupon_core.persistence.database import execute
from coupon_core.services import batches
from coupon_core.services.batches import BatchRequest
from coupon_core.services.codes import bulk_changes, jobs
from coupon_core.settings.loader import Settings
from tests.conftest import Broker
from tests.factories.tenant import NOW, TenantFactory
from tests.support.concurrency import run_concurrently
from tests.support.invariants import assert_invariants, list_events
from tests.workers.milestones import build_message, get_last_dead_letter
from tests.workers.raw_messages import becomes_true, purge_queues
from tests.workers.test_batch_generator import QUEUE, generating, relay_all
from workers.message_handlers import handle_one


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "CHUNK_SIZE", 7)


def create_batch(tenant: TenantFactory, count: int) -> str:
    """Create a completed batch of unassigned coupons; return its id."""
    definition_id = tenant.define().definition_id
    batch = batches.request(tenant.tenant_id, definition_id, BatchRequest(count), NOW)
    for number in range(1, batch.chunk_count + 1):
        batches.generate_chunk((tenant.tenant_id, batch.batch_id, number), NOW)
    return batch.batch_id


def list_codes(tenant: TenantFactory) -> list[str]:
    sql = "SELECT code FROM coupon WHERE tenant_id = :tenant_id ORDER BY coupon_id"
    rows = execute(sql, {"tenant_id": tenant.tenant_id}).fetchall()
    return [code for (code,) in rows]


def reload(job: CodeJob) -> CodeJob:
    return jobs.get(job.tenant_id, job.job_id)


def revoke(tenant: TenantFactory, batch_id: str) -> CodeJob:
    return bulk_changes.revoke(
        tenant.tenant_id, CodeTarget(batch_id), actor="key", now=utc_now()
    )


def is_completed(broker: Broker, job: CodeJob) -> bool:
    """Relay what the job has published, and return True if it is completed."""
    relay_all(broker)
    return reload(job).state == JobState.COMPLETED


def test_a_batch_is_revoked_over_the_bus(tenant: TenantFactory, broker: Broker) -> None:
    purge_queues(broker)
    batch_id = create_batch(tenant, 40)
    used = list_codes(tenant)[20]
    tenant.redeem(used)
    job = revoke(tenant, batch_id)
    assert (job.state, job.done_count) == (JobState.RUNNING, 7)
    with generating(broker):
        assert becomes_true(lambda: is_completed(broker, job))
    done = reload(job)
    assert (done.done_count, done.skipped_count) == (39, 1)
    announced = [data["job"] for _, data in list_events("codes.revoked")]
    done_counts = [
        event["done"] for event in announced if event["job_id"] == job.job_id
    ]
    assert done_counts == [39]
    assert_invariants()


def test_many_workers_at_one_chunk_do_it_once(tenant: TenantFactory) -> None:
    job = revoke(tenant, create_batch(tenant, 30))
    run_second_chunk = partial(
        jobs.run_chunk, tenant.tenant_id, job.job_id, chunk_number=2, now=utc_now()
    )
    results = run_concurrently([run_second_chunk] * 6)
    assert {result.done_count for result in results} == {14}
    assert jobs.run_to_completion(reload(job), lambda _: None).done_count == 30


def test_a_job_that_was_forgotten_is_driven_on(tenant: TenantFactory) -> None:
    job = revoke(tenant, create_batch(tenant, 30))
    execute("DELETE FROM outbox WHERE event_type = 'code_job.chunk'", {})
    assert jobs.requeue_stalled_jobs(utc_now()) == 0
    later = utc_now() + jobs.STALLED_AFTER * 2
    assert jobs.requeue_stalled_jobs(later) >= 1
    sql = "SELECT data FROM outbox WHERE event_type = 'code_job.chunk'"
    (data,) = (row[0] for row in execute(sql, {}).fetchall() if job.job_id in row[0])
    assert handle_one(build_message(data.encode(), QUEUE)) == "running"
    assert reload(job).done_count == 14


def test_after_a_completed_revoke_no_redeem_succeeds(
    core: Settings, tenant: TenantFactory
) -> None:
    """Invariant I10, with redemptions concurrent to the job."""
    batch_id = create_batch(tenant, 40)
    codes = list_codes(tenant)

    def revoke_all() -> int:
        finished_job = jobs.run_to_completion(revoke(tenant, batch_id), lambda _: None)
        return finished_job.done_count

    uses = [partial(tenant.redeem, code, f"user-{code}") for code in codes[::4]]
    revoked_count, *outcomes = run_concurrently([revoke_all, *uses])
    successes = [outcome for outcome in outcomes if outcome != Reason.REVOKED]
    assert revoked_count == len(codes) - len(successes)
    late_outcomes = run_concurrently(
        [partial(tenant.redeem, code, f"user-{code}") for code in codes[:8]]
    )
    assert set(late_outcomes) <= {Reason.REVOKED, Reason.ALREADY_REDEEMED}
    assert_invariants()


def test_a_chunk_of_an_unknown_job_is_a_dead_letter(tenant: TenantFactory) -> None:
    unknown = "aa0e8400-e29b-41d4-a716-446655440005"
    body = {"tenant_id": tenant.tenant_id, "job_id": unknown, "chunk_number": 1}
    assert handle_one(build_message(body, QUEUE)) == "buried"
    assert get_last_dead_letter()[1] == "job not found"
