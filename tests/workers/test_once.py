"""Exactly once: duplicates, new ids and many workers at the same moment."""

from __future__ import annotations

import random
from collections import Counter
from functools import partial

import pytest

from coupon_core.domain.models import NO_LIMIT, CodeFormat
from coupon_core.settings.loader import Settings
from tests.cores import at_once, at_once_in_processes
from tests.invariants import assert_invariants
from tests.shop import Shop
from tests.workers.reached import cloud, held, message, watch
from workers.message_handlers import handle, handle_together

RANDOM: dict[str, object] = {}
SHARED = {
    "code_format": CodeFormat.CUSTOM,
    "custom_code": "SEVEN",
    "per_code_limit": NO_LIMIT,
}


def told(shop: Shop, user: str = "ann", number: int = 0) -> object:
    return message(cloud(shop, subject=user, id=f"e-{number}"))


@pytest.mark.parametrize("members", [RANDOM, SHARED], ids=["random", "shared"])
def test_eight_processes_on_one_milestone_make_one_coupon(
    shop: Shop, core: Settings, members: dict[str, object]
) -> None:
    definition = watch(shop, **members)
    tasks = [partial(handle, told(shop, number=number // 2)) for number in range(16)]
    outcomes = Counter(at_once_in_processes(core, tasks, count=4))
    assert outcomes == {"earned": 1, "earned_nothing": 15}
    assert held(definition) == 1
    assert_invariants()


def test_batches_in_opposite_orders_neither_repeat_nor_block_each_other(
    shop: Shop, core: Settings
) -> None:
    definitions = [watch(shop), watch(shop)]
    batch = [told(shop, f"user-{number}") for number in range(20)]
    orders = [batch, batch[::-1], random.Random(1).sample(batch, 20), batch]
    tasks = [partial(handle_together, order) for order in orders]
    outcomes = Counter(one for each in at_once(tasks) for one in each)
    assert outcomes == {"earned": 20, None: 60}
    assert {held(one, "user-7") for one in definitions} == {1}


def test_a_batch_makes_what_is_new_and_leaves_repeats_to_be_told_alone(
    shop: Shop,
) -> None:
    definition = watch(shop)
    batch = [told(shop, "ann"), told(shop, "bob"), told(shop, "ann", 1)]
    assert sorted(map(str, handle_together(batch))) == ["None", "earned", "earned"]
    assert (held(definition, "ann"), held(definition, "bob")) == (1, 1)


def test_a_bad_message_spoils_no_batch(shop: Shop) -> None:
    definition = watch(shop)
    batch = [message(b"garbage"), told(shop), message(cloud(shop, tenantid="none"))]
    assert handle_together(batch) == [None, "earned", None]
    assert held(definition) == 1


def test_a_definition_that_pauses_meanwhile_ends_in_one_of_both(
    shop: Shop, core: Settings
) -> None:
    definition = watch(shop)
    tasks = [partial(handle, told(shop, f"user-{n}")) for n in range(8)]
    outcomes = at_once([*tasks, partial(shop.pause, definition)])[:-1]
    earned = [held(definition, f"user-{n}") for n in range(8)]
    assert [outcome == "earned" for outcome in outcomes] == [n == 1 for n in earned]
    assert handle(told(shop, "late")) == "earned_nothing"
