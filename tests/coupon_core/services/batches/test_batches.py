"""Batches: exactly what was asked, however often and by how many it is made."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

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
from coupon_core.persistence.repositories import batches as batch_repository
from coupon_core.persistence.repositories import bulk_coupons
from coupon_core.persistence.tables import CouponTable
from coupon_core.services import batches
from coupon_core.services.batches import BatchRequest, requests
from coupon_core.services.coupons import generation
from tests.factories.tenant import NOW, TenantFactory, capture_refusal
from tests.support.concurrency import count_outcomes, run_concurrently
from tests.support.invariants import assert_invariants, list_events

CHUNK = 50


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a few coupons make many chunks."""
    monkeypatch.setattr(bulk_coupons, "POSTGRESQL_CHUNK_SIZE", CHUNK)
    monkeypatch.setattr(bulk_coupons, "SQLITE_CHUNK_SIZE", CHUNK)


@pytest.fixture
def small_alphabet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ALPHABETS, CodeAlphabet.UNAMBIGUOUS, "ABCD")  # 256 of four


def ask(
    tenant: TenantFactory, definition: Definition, count: int, *users: str
) -> Batch:
    wanted = BatchRequest(count or len(users), users)
    return batches.request(tenant.tenant_id, definition.definition_id, wanted, NOW)


def keys(batch: Batch) -> Iterator[batch_repository.ChunkKey]:
    for number in range(1, batch.chunk_count + 1):
        yield batch.tenant_id, batch.batch_id, number


def make(batch: Batch) -> Batch:
    """The batch when all its chunks have been tried."""
    for key in keys(batch):
        batches.generate_chunk(key, NOW)
    return batches.get(batch.tenant_id, batch.batch_id)


def made(batch: Batch) -> list[CouponTable]:
    here = (CouponTable.tenant_id == batch.tenant_id) & (
        CouponTable.batch_id == batch.batch_id
    )
    return list(CouponTable.select().where(here))


def test_a_batch_makes_exactly_what_was_asked(tenant: TenantFactory) -> None:
    batch = make(ask(tenant, tenant.define(), 3 * CHUNK + 1))
    assert (batch.state, batch.generated_count) == (BatchState.COMPLETED, 151)
    assert len({coupon.code for coupon in made(batch)}) == 151
    assert_invariants()


def test_its_coupons_can_be_redeemed(tenant: TenantFactory) -> None:
    batch = make(ask(tenant, tenant.define(code_prefix="summer-"), 10))
    code = made(batch)[0].code
    assert code.startswith("summer-")
    assert tenant.redeem(code.lower()).coupon.user_id == "ann"


def test_each_user_gets_a_coupon(tenant: TenantFactory) -> None:
    users = [f"üser {number}" for number in range(2 * CHUNK)]
    batch = make(ask(tenant, tenant.define(), 0, *users))
    assert sorted(coupon.user_id for coupon in made(batch)) == sorted(users)
    assert batch.kind == "users"


def test_users_who_hold_a_custom_code_keep_theirs(tenant: TenantFactory) -> None:
    definition = tenant.define_custom(f"HELLO{CHUNK}")
    tenant.issue_code(definition, "ann")
    batch = make(ask(tenant, definition, 0, "ann", "bob", "cid"))
    assert (batch.state, batch.generated_count) == (BatchState.COMPLETED, 2)
    assert {coupon.user_id for coupon in made(batch)} == {"bob", "cid"}


def test_a_repeated_chunk_changes_nothing(tenant: TenantFactory) -> None:
    batch = ask(tenant, tenant.define(), CHUNK + 1)
    key = next(keys(batch))
    assert [batches.generate_chunk(key, NOW) for _ in range(3)] == [True, False, False]
    assert len(made(batch)) == CHUNK
    assert make(batch).generated_count == CHUNK + 1


def test_two_workers_on_each_chunk_make_it_once(tenant: TenantFactory) -> None:
    batch = ask(tenant, tenant.define(), 4 * CHUNK)
    tasks = [partial(batches.generate_chunk, key, NOW) for key in keys(batch)] * 3
    count_outcomes(run_concurrently(tasks))
    assert batches.get(tenant.tenant_id, batch.batch_id).generated_count == 4 * CHUNK
    assert len(made(batch)) == 4 * CHUNK
    assert_invariants()


def test_completion_is_told_once_and_coupons_are_not(tenant: TenantFactory) -> None:
    batch = make(ask(tenant, tenant.define(), CHUNK + 1))
    make(batch)
    told = [
        data for of, data in list_events("batch.completed") if of == tenant.tenant_id
    ]
    assert told == [
        {
            "batch_id": batch.batch_id,
            "definition_id": batch.definition_id,
            "requested": CHUNK + 1,
            "generated": CHUNK + 1,
        }
    ]
    assert tenant.tenant_id not in dict(list_events("coupon.generated"))


def test_a_cancelled_batch_makes_no_more(tenant: TenantFactory) -> None:
    batch = ask(tenant, tenant.define(), 2 * CHUNK)
    first, second = keys(batch)
    batches.generate_chunk(first, NOW)
    assert batches.cancel(*first[:2], NOW).state == BatchState.CANCELLED
    assert not batches.generate_chunk(second, NOW)
    assert batches.cancel(*first[:2], NOW).generated_count == len(made(batch)) == CHUNK


def test_what_is_finished_cannot_be_cancelled(tenant: TenantFactory) -> None:
    batch = make(ask(tenant, tenant.define(), 1))
    ids = tenant.tenant_id, batch.batch_id
    assert capture_refusal(batches.cancel, *ids, NOW) == AdminReason.BATCH_FINISHED


def test_while_a_definition_is_paused_its_batch_waits(tenant: TenantFactory) -> None:
    definition = tenant.define()
    batch = ask(tenant, definition, CHUNK)
    tenant.pause(definition)
    waiting = make(batch)
    assert (waiting.state, waiting.generated_count) == (BatchState.PENDING, 0)
    assert "paused" in waiting.error
    tenant.set_status(definition, definition.status)
    after = make(batch)
    assert (after.state, after.error) == (BatchState.COMPLETED, "")


def test_an_archived_definition_ends_its_batch(tenant: TenantFactory) -> None:
    definition = tenant.define()
    batch = ask(tenant, definition, 2 * CHUNK)
    batches.generate_chunk(next(keys(batch)), NOW)
    tenant.archive(definition)
    after = make(batch)
    assert (after.state, after.error) == (BatchState.FAILED, "not active")
    assert after.generated_count == len(made(batch)) == CHUNK


@pytest.mark.usefixtures("small_alphabet")
def test_taken_codes_are_drawn_anew(tenant: TenantFactory) -> None:
    """Half of all codes are there in the end, so every other draw is taken."""
    definition = tenant.define(code_length=4)
    batch = make(ask(tenant, definition, 128))
    assert (batch.state, batch.error) == (BatchState.COMPLETED, "")
    assert len({coupon.code for coupon in made(batch)}) == 128
    assert_invariants()


@pytest.mark.usefixtures("small_alphabet")
@pytest.mark.parametrize("few", [3, 4])
def test_codes_that_are_shared_are_not_drawn(
    tenant: TenantFactory, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk_coupons, "MAX_PRELOADED_KEYS", few)
    for letter in "ABCD":
        tenant.define_custom(f"AAA{letter}")
    batch = make(ask(tenant, tenant.define(code_length=4), 128))
    assert batch.generated_count == 128
    assert not [one.code for one in made(batch) if one.code.startswith("AAA")]
    assert_invariants()


@pytest.mark.usefixtures("small_alphabet")
def test_a_batch_too_large_for_the_code_space_is_refused(tenant: TenantFactory) -> None:
    definition = tenant.define(code_length=4)
    assert (
        capture_refusal(ask, tenant, definition, 129)
        == AdminReason.CODE_SPACE_TOO_SMALL
    )
    assert batches.list_batches(tenant.tenant_id, Page())[1] == 0


@pytest.mark.usefixtures("small_alphabet")
def test_a_batch_keeps_its_codes_from_others(tenant: TenantFactory) -> None:
    definition = tenant.define(code_length=4)
    batch = ask(tenant, definition, 100)
    users = [f"user-{number}" for number in range(29)]
    found = capture_refusal(tenant.generate, definition, users)
    assert found == AdminReason.CODE_SPACE_TOO_SMALL
    tenant.generate(definition, users[:28])
    assert make(batch).generated_count == 100


@pytest.mark.usefixtures("small_alphabet")
def test_of_many_who_ask_at_once_no_more_are_served_than_there_are_codes(
    tenant: TenantFactory,
) -> None:
    definition = tenant.define(code_length=4)
    inline = partial(tenant.generate, definition, [""] * 20)
    tasks = [partial(ask, tenant, definition, 20), inline] * 4
    found = count_outcomes(run_concurrently(tasks))
    assert found == {"done": 6, "code_space_too_small": 2}


def test_awards_beyond_the_total_are_refused(tenant: TenantFactory) -> None:
    definition = tenant.define(awarded_only=True, total_limit=60)
    users = [f"user-{number}" for number in range(61)]
    found = capture_refusal(ask, tenant, definition, 0, *users)
    assert found == AdminReason.TOTAL_LIMIT_REACHED
    batch = make(ask(tenant, definition, 0, *users[:60]))
    assert batch.state == BatchState.COMPLETED
    assert tenant.reload_definition(definition).used_count == 60
    assert_invariants()


def test_a_batch_ends_where_awards_do(tenant: TenantFactory) -> None:
    definition = tenant.define(awarded_only=True, total_limit=60)
    batch = ask(tenant, definition, 0, *[f"user-{number}" for number in range(60)])
    generation.generate(tenant.tenant_id, definition.definition_id, ["zoe"], NOW)
    after = make(batch)
    assert (after.state, after.generated_count) == (BatchState.FAILED, CHUNK)
    assert_invariants()


UNFIT: dict[AdminReason, Callable[[TenantFactory], Definition]] = {
    AdminReason.NOT_ACTIVE: lambda shop: shop.pause(shop.define()),
    AdminReason.CUSTOM_NEEDS_USERS: lambda shop: shop.define_custom("ONCE"),
    AdminReason.SHARED_CODES_ARE_CLAIMED: lambda shop: shop.define(
        code_format=CodeFormat.SHARED
    ),
}


@pytest.mark.parametrize("reason", UNFIT)
def test_what_cannot_be_generated_is_no_batch(
    tenant: TenantFactory, reason: AdminReason
) -> None:
    assert capture_refusal(ask, tenant, UNFIT[reason](tenant), 5) == reason
    assert batches.list_batches(tenant.tenant_id, Page())[1] == 0
    assert tenant.tenant_id not in dict(list_events("generation.chunk"))


def test_a_batch_that_lies_still_is_driven_on(tenant: TenantFactory) -> None:
    batch = ask(tenant, tenant.define(), 3 * CHUNK)
    batches.generate_chunk(next(keys(batch)), NOW)
    batches.requeue_stalled_batches(NOW + 2 * requests.STALLED_AFTER)
    told = [
        data["chunk_number"]
        for of, data in list_events("generation.chunk")
        if of == tenant.tenant_id
    ]
    assert sorted(told) == [1, 2, 2, 3, 3]
