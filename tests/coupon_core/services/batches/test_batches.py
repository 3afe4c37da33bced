"""Tests of batches: each coupon is generated exactly once, also by several workers."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise

import pytest

from coupon_core.domain.codes import ALPHABETS
from coupon_core.domain.models import (
    AdminReason,
    CodeAlphabet,
    CodeFormat,
    Definition,
    Page,
)
from coupon_core.domain.models.batches import Batch, BatchState
from coupon_core.domain.models.filters import CouponFilter
from coupon_core.persistence.repositories import batches as batch_repository
from coupon_core.persistence.repositories import bulk_coupons
from coupon_core.persistence.tables import CouponTable
from coupon_core.services import batches
from coupon_core.services.batches import BatchRequest, requests
from coupon_core.services.codes import csv_export
from coupon_core.services.coupons import generation
from tests.factories.tenant import NOW, TenantFactory
from tests.support.concurrency import count_outcomes, run_concurrently
from tests.support.invariants import assert_invariants, list_events
from tests.support.refusals import capture_refusal

CHUNK_SIZE = 50


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reduce the chunk size, so that a few coupons need several chunks."""
    monkeypatch.setattr(bulk_coupons, "POSTGRESQL_CHUNK_SIZE", CHUNK_SIZE)
    monkeypatch.setattr(bulk_coupons, "SQLITE_CHUNK_SIZE", CHUNK_SIZE)


@pytest.fixture
def small_alphabet(monkeypatch: pytest.MonkeyPatch) -> None:
    # Leaves 256 codes of length 4.
    monkeypatch.setitem(ALPHABETS, CodeAlphabet.UNAMBIGUOUS, "ABCD")


def request_batch(
    tenant: TenantFactory, definition: Definition, count: int, *user_ids: str
) -> Batch:
    batch_request = BatchRequest(count or len(user_ids), user_ids)
    return batches.request(
        tenant.tenant_id, definition.definition_id, batch_request, NOW
    )


def iterate_chunk_keys(batch: Batch) -> Iterator[batch_repository.ChunkKey]:
    for number in range(1, batch.chunk_count + 1):
        yield batch.tenant_id, batch.batch_id, number


def generate_chunks(batch: Batch) -> Batch:
    """Generate every chunk of a batch once, and return the batch afterwards."""
    for key in iterate_chunk_keys(batch):
        batches.generate_chunk(key, NOW)
    return batches.get(batch.tenant_id, batch.batch_id)


def list_batch_coupons(batch: Batch) -> list[CouponTable]:
    condition = (CouponTable.tenant_id == batch.tenant_id) & (
        CouponTable.batch_id == batch.batch_id
    )
    return list(CouponTable.select().where(condition))


def test_a_batch_makes_exactly_what_was_asked(tenant: TenantFactory) -> None:
    batch = generate_chunks(request_batch(tenant, tenant.define(), 3 * CHUNK_SIZE + 1))
    assert (batch.state, batch.generated_count) == (BatchState.COMPLETED, 151)
    assert len({coupon.code for coupon in list_batch_coupons(batch)}) == 151
    assert_invariants()


def test_its_coupons_can_be_redeemed(tenant: TenantFactory) -> None:
    batch = generate_chunks(
        request_batch(tenant, tenant.define(code_prefix="summer-"), 10)
    )
    code = list_batch_coupons(batch)[0].code
    assert code.startswith("summer-")
    assert tenant.redeem(code.lower()).coupon.user_id == "ann"


@pytest.mark.parametrize("with_users", [False, True])
def test_neighbours_in_a_list_are_no_neighbours_in_the_code_space(
    tenant: TenantFactory, monkeypatch: pytest.MonkeyPatch, with_users: bool
) -> None:
    for name in ("POSTGRESQL_CHUNK_SIZE", "SQLITE_CHUNK_SIZE"):
        monkeypatch.setattr(bulk_coupons, name, 400)
    monkeypatch.setattr(bulk_coupons, "COPY_BLOCK_SIZE", 90)
    users = [f"user {number}" for number in range(400)] if with_users else []
    generate_chunks(request_batch(tenant, tenant.define(), 400, *users))
    pages = csv_export.export_pages(tenant.tenant_id, CouponFilter(), NOW)
    codes = [row["code"] for row in csv.DictReader("".join(pages).splitlines())]
    assert len(set(codes)) == 400
    again = csv_export.export_pages(tenant.tenant_id, CouponFilter(), NOW)
    assert [row["code"] for row in csv.DictReader("".join(again).splitlines())] == codes
    # In a random order about half of the codes are larger than the one before; that
    # 400 differ from this by more than ten standard deviations never happens.
    assert 140 < sum(first < second for first, second in pairwise(codes)) < 260


def test_each_user_gets_a_coupon(tenant: TenantFactory) -> None:
    users = [f"üser {number}" for number in range(2 * CHUNK_SIZE)]
    batch = generate_chunks(request_batch(tenant, tenant.define(), 0, *users))
    assert sorted(coupon.user_id for coupon in list_batch_coupons(batch)) == sorted(
        users
    )
    assert batch.kind == "users"


def test_users_who_hold_a_custom_code_keep_theirs(tenant: TenantFactory) -> None:
    definition = tenant.define_custom(f"HELLO{CHUNK_SIZE}")
    tenant.issue_code(definition, "ann")
    batch = generate_chunks(request_batch(tenant, definition, 0, "ann", "bob", "cid"))
    assert (batch.state, batch.generated_count) == (BatchState.COMPLETED, 2)
    assert {coupon.user_id for coupon in list_batch_coupons(batch)} == {"bob", "cid"}


def test_a_repeated_chunk_changes_nothing(tenant: TenantFactory) -> None:
    batch = request_batch(tenant, tenant.define(), CHUNK_SIZE + 1)
    key = next(iterate_chunk_keys(batch))
    assert [batches.generate_chunk(key, NOW) for _ in range(3)] == [True, False, False]
    assert len(list_batch_coupons(batch)) == CHUNK_SIZE
    assert generate_chunks(batch).generated_count == CHUNK_SIZE + 1


def test_two_workers_on_each_chunk_make_it_once(tenant: TenantFactory) -> None:
    batch = request_batch(tenant, tenant.define(), 4 * CHUNK_SIZE)
    tasks = [
        partial(batches.generate_chunk, key, NOW) for key in iterate_chunk_keys(batch)
    ] * 3
    count_outcomes(run_concurrently(tasks))
    assert (
        batches.get(tenant.tenant_id, batch.batch_id).generated_count == 4 * CHUNK_SIZE
    )
    assert len(list_batch_coupons(batch)) == 4 * CHUNK_SIZE
    assert_invariants()


def test_completion_is_told_once_and_coupons_are_not(tenant: TenantFactory) -> None:
    batch = generate_chunks(request_batch(tenant, tenant.define(), CHUNK_SIZE + 1))
    generate_chunks(batch)
    events = [
        data
        for tenant_id, data in list_events("batch.completed")
        if tenant_id == tenant.tenant_id
    ]
    assert events == [
        {
            "batch_id": batch.batch_id,
            "definition_id": batch.definition_id,
            "requested": CHUNK_SIZE + 1,
            "generated": CHUNK_SIZE + 1,
        }
    ]
    assert tenant.tenant_id not in dict(list_events("coupon.generated"))


def test_a_cancelled_batch_makes_no_more(tenant: TenantFactory) -> None:
    batch = request_batch(tenant, tenant.define(), 2 * CHUNK_SIZE)
    first, second = iterate_chunk_keys(batch)
    batches.generate_chunk(first, NOW)
    cancelled = batches.cancel(tenant.tenant_id, batch.batch_id, NOW)
    assert cancelled.state == BatchState.CANCELLED
    assert not batches.generate_chunk(second, NOW)
    cancelled = batches.cancel(tenant.tenant_id, batch.batch_id, NOW)
    assert cancelled.generated_count == len(list_batch_coupons(batch)) == CHUNK_SIZE


def test_what_is_finished_cannot_be_cancelled(tenant: TenantFactory) -> None:
    batch = generate_chunks(request_batch(tenant, tenant.define(), 1))
    reason = capture_refusal(batches.cancel, tenant.tenant_id, batch.batch_id, NOW)
    assert reason == AdminReason.BATCH_FINISHED


def test_while_a_definition_is_paused_its_batch_waits(tenant: TenantFactory) -> None:
    definition = tenant.define()
    batch = request_batch(tenant, definition, CHUNK_SIZE)
    tenant.pause(definition)
    waiting = generate_chunks(batch)
    assert (waiting.state, waiting.generated_count) == (BatchState.PENDING, 0)
    assert "paused" in waiting.error
    tenant.set_status(definition, definition.status)
    after = generate_chunks(batch)
    assert (after.state, after.error) == (BatchState.COMPLETED, "")


def test_an_archived_definition_ends_its_batch(tenant: TenantFactory) -> None:
    definition = tenant.define()
    batch = request_batch(tenant, definition, 2 * CHUNK_SIZE)
    batches.generate_chunk(next(iterate_chunk_keys(batch)), NOW)
    tenant.archive(definition)
    after = generate_chunks(batch)
    assert (after.state, after.error) == (BatchState.FAILED, "not active")
    assert after.generated_count == len(list_batch_coupons(batch)) == CHUNK_SIZE


@pytest.mark.usefixtures("small_alphabet")
def test_taken_codes_are_drawn_anew(tenant: TenantFactory) -> None:
    """At the end half of all codes exist, so half of the generated codes are taken."""
    definition = tenant.define(code_length=4)
    batch = generate_chunks(request_batch(tenant, definition, 128))
    assert (batch.state, batch.error) == (BatchState.COMPLETED, "")
    assert len({coupon.code for coupon in list_batch_coupons(batch)}) == 128
    assert_invariants()


@pytest.mark.usefixtures("small_alphabet")
@pytest.mark.parametrize("few", [3, 4])
def test_codes_that_are_shared_are_not_drawn(
    tenant: TenantFactory, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk_coupons, "MAX_PRELOADED_KEYS", few)
    for letter in "ABCD":
        tenant.define_custom(f"AAA{letter}")
    batch = generate_chunks(request_batch(tenant, tenant.define(code_length=4), 128))
    assert batch.generated_count == 128
    assert not [
        coupon.code
        for coupon in list_batch_coupons(batch)
        if coupon.code.startswith("AAA")
    ]
    assert_invariants()


@pytest.mark.usefixtures("small_alphabet")
def test_a_batch_too_large_for_the_code_space_is_refused(tenant: TenantFactory) -> None:
    definition = tenant.define(code_length=4)
    assert (
        capture_refusal(request_batch, tenant, definition, 129)
        == AdminReason.CODE_SPACE_TOO_SMALL
    )
    assert batches.list_batches(tenant.tenant_id, Page())[1] == 0


@pytest.mark.usefixtures("small_alphabet")
def test_a_batch_keeps_its_codes_from_others(tenant: TenantFactory) -> None:
    definition = tenant.define(code_length=4)
    batch = request_batch(tenant, definition, 100)
    users = [f"user-{number}" for number in range(29)]
    found = capture_refusal(tenant.generate, definition, users)
    assert found == AdminReason.CODE_SPACE_TOO_SMALL
    tenant.generate(definition, users[:28])
    assert generate_chunks(batch).generated_count == 100


@pytest.mark.usefixtures("small_alphabet")
def test_of_many_who_ask_at_once_no_more_are_served_than_there_are_codes(
    tenant: TenantFactory,
) -> None:
    definition = tenant.define(code_length=4)
    inline = partial(tenant.generate, definition, [""] * 20)
    tasks = [partial(request_batch, tenant, definition, 20), inline] * 4
    found = count_outcomes(run_concurrently(tasks))
    assert found == {"done": 6, "code_space_too_small": 2}


def test_awards_beyond_the_total_are_refused(tenant: TenantFactory) -> None:
    definition = tenant.define(awarded_only=True, total_limit=60)
    users = [f"user-{number}" for number in range(61)]
    found = capture_refusal(request_batch, tenant, definition, 0, *users)
    assert found == AdminReason.TOTAL_LIMIT_REACHED
    batch = generate_chunks(request_batch(tenant, definition, 0, *users[:60]))
    assert batch.state == BatchState.COMPLETED
    assert tenant.reload_definition(definition).used_count == 60
    assert_invariants()


def test_a_batch_ends_where_awards_do(tenant: TenantFactory) -> None:
    definition = tenant.define(awarded_only=True, total_limit=60)
    batch = request_batch(
        tenant, definition, 0, *[f"user-{number}" for number in range(60)]
    )
    generation.generate(tenant.tenant_id, definition.definition_id, ["zoe"], NOW)
    after = generate_chunks(batch)
    assert (after.state, after.generated_count) == (BatchState.FAILED, CHUNK_SIZE)
    assert_invariants()


REFUSED_DEFINITIONS: dict[AdminReason, Callable[[TenantFactory], Definition]] = {
    AdminReason.NOT_ACTIVE: lambda tenant: tenant.pause(tenant.define()),
    AdminReason.CUSTOM_NEEDS_USERS: lambda tenant: tenant.define_custom("ONCE"),
    AdminReason.SHARED_CODES_ARE_CLAIMED: lambda tenant: tenant.define(
        code_format=CodeFormat.SHARED
    ),
}


@pytest.mark.parametrize("reason", REFUSED_DEFINITIONS)
def test_what_cannot_be_generated_is_no_batch(
    tenant: TenantFactory, reason: AdminReason
) -> None:
    assert (
        capture_refusal(request_batch, tenant, REFUSED_DEFINITIONS[reason](tenant), 5)
        == reason
    )
    assert batches.list_batches(tenant.tenant_id, Page())[1] == 0
    assert tenant.tenant_id not in dict(list_events("generation.chunk"))


def test_a_batch_that_lies_still_is_driven_on(tenant: TenantFactory) -> None:
    batch = request_batch(tenant, tenant.define(), 3 * CHUNK_SIZE)
    batches.generate_chunk(next(iterate_chunk_keys(batch)), NOW)
    batches.requeue_stalled_batches(NOW + 2 * requests.STALLED_AFTER)
    chunk_numbers = [
        data["chunk_number"]
        for tenant_id, data in list_events("generation.chunk")
        if tenant_id == tenant.tenant_id
    ]
    assert sorted(chunk_numbers) == [1, 2, 2, 3, 3]
