"""Test exactly-once processing: duplicates, new ids and concurrent workers."""

from __future__ import annotations

import random
from collections import Counter
from functools import partial

import pytest

from coupon_core.domain.models import NO_LIMIT, CodeFormat
from coupon_core.settings.loader import Settings
from tests.factories.tenant import TenantFactory
from tests.support.concurrency import run_concurrently, run_concurrently_in_processes
from tests.support.invariants import assert_invariants
from tests.workers.milestones import (
    build_message,
    cloud,
    count_held_coupons,
    define_streak_trigger,
)
from workers.message_handlers import handle_many, handle_one

RANDOM_CODE: dict[str, object] = {}
SHARED_CODE = {
    "code_format": CodeFormat.CUSTOM,
    "custom_code": "SEVEN",
    "per_code_limit": NO_LIMIT,
}


def build_streak_message(
    tenant: TenantFactory, user: str = "ann", number: int = 0
) -> object:
    return build_message(cloud(tenant, subject=user, id=f"e-{number}"))


@pytest.mark.parametrize(
    "members", [RANDOM_CODE, SHARED_CODE], ids=["random", "shared"]
)
def test_eight_processes_on_one_milestone_make_one_coupon(
    tenant: TenantFactory, core: Settings, members: dict[str, object]
) -> None:
    definition = define_streak_trigger(tenant, **members)
    tasks = [
        partial(handle_one, build_streak_message(tenant, number=number // 2))
        for number in range(16)
    ]
    outcomes = Counter(run_concurrently_in_processes(core, tasks, process_count=4))
    assert outcomes == {"earned": 1, "no_coupon": 15}
    assert count_held_coupons(definition) == 1
    assert_invariants()


def test_batches_in_opposite_orders_neither_repeat_nor_block_each_other(
    tenant: TenantFactory, core: Settings
) -> None:
    definitions = [define_streak_trigger(tenant), define_streak_trigger(tenant)]
    batch = [build_streak_message(tenant, f"user-{number}") for number in range(100)]
    orders = [batch, batch[::-1], random.Random(1).sample(batch, 100), batch]
    tasks = [partial(handle_many, order) for order in orders]
    outcomes = Counter(
        outcome for results in run_concurrently(tasks) for outcome in results
    )
    assert outcomes == {"earned": 100, "no_coupon": 300}
    assert {count_held_coupons(definition, "user-7") for definition in definitions} == {
        1
    }


def test_repeats_inside_a_set_and_across_sets_earn_nothing_more(
    tenant: TenantFactory,
) -> None:
    definition = define_streak_trigger(tenant)
    batch = [
        build_streak_message(tenant, "ann"),
        build_streak_message(tenant, "bob"),
        build_streak_message(tenant, "ann", 1),
    ]
    assert handle_many(batch) == ["earned", "earned", "no_coupon"]
    again = [*batch, build_streak_message(tenant, "cid")]
    assert handle_many(again) == ["no_coupon"] * 3 + ["earned"]
    assert (
        count_held_coupons(definition, "ann"),
        count_held_coupons(definition, "bob"),
    ) == (1, 1)


def test_a_bad_message_spoils_no_batch(tenant: TenantFactory) -> None:
    definition = define_streak_trigger(tenant)
    batch = [
        build_message(b"garbage"),
        build_streak_message(tenant),
        build_message(cloud(tenant, tenantid="none")),
    ]
    assert handle_many(batch) == [None, "earned", None]
    assert count_held_coupons(definition) == 1


def test_a_definition_that_pauses_meanwhile_ends_in_one_of_both(
    tenant: TenantFactory, core: Settings
) -> None:
    definition = define_streak_trigger(tenant)
    tasks = [
        partial(handle_one, build_streak_message(tenant, f"user-{n}")) for n in range(8)
    ]
    outcomes = run_concurrently([*tasks, partial(tenant.pause, definition)])[:-1]
    earned = [count_held_coupons(definition, f"user-{n}") for n in range(8)]
    assert [outcome == "earned" for outcome in outcomes] == [n == 1 for n in earned]
    assert handle_one(build_streak_message(tenant, "late")) == "no_coupon"
