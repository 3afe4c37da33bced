"""Test that concurrent purchases, redemptions and refunds are exact."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import pytest

from coupon_core.domain.models import (
    Page,
    PurchaseReason,
    Reason,
    Refused,
    utc_now,
)
from coupon_core.domain.models.filters import CouponFilter, RedemptionFilter
from coupon_core.domain.models.offers import PurchaseMode, UsageMode
from coupon_core.domain.models.points import PointChange
from coupon_core.domain.models.purchases import Action
from coupon_core.services.coupons import (
    administration,
    generation,
    redemption_records,
)
from coupon_core.services.points import reversals, wallets
from coupon_core.settings.loader import Settings
from tests.factories.offers import OfferFactory
from tests.factories.tenant import NOW, TenantFactory
from tests.support.concurrency import (
    Task,
    count_outcomes,
    run_concurrently,
    run_concurrently_in_processes,
    run_task,
)
from tests.support.invariants import assert_invariants

Race = Callable[[Sequence[Task]], list[Any]]
BUY, REDEEM, REFUND = Action.BUY, Action.REDEEM, Action.REFUND


@pytest.fixture
def bargains(tenant: TenantFactory) -> OfferFactory:
    return OfferFactory(tenant)


@pytest.fixture(params=["threads", "processes"])
def race(request: pytest.FixtureRequest, core: Settings) -> Race:
    """Return a function that runs tasks concurrently, in threads or in processes."""
    if request.param == "threads":
        return run_concurrently
    return partial(run_concurrently_in_processes, core)


def count_held(bargains: OfferFactory, user_id: str = "ann") -> int:
    coupon_filter = CouponFilter(user_id=user_id, kept=True)
    return administration.list_coupons(
        bargains.tenant.tenant_id, coupon_filter, Page(), NOW
    )[1]


def test_points_for_seven_buy_seven_of_a_hundred(
    bargains: OfferFactory, race: Race
) -> None:
    bargains.create_offer("SHIP")
    bargains.create_user(gold=75)
    outcomes = race([partial(bargains.perform_activity, BUY, "SHIP")] * 100)
    assert count_outcomes(outcomes) == {"done": 7, PurchaseReason.NOT_ENOUGH_POINTS: 93}
    assert (bargains.get_balance(), count_held(bargains)) == (5, 7)
    assert_invariants()


def test_one_wallet_pays_for_different_coupons(
    bargains: OfferFactory, race: Race
) -> None:
    codes = [f"SHIP{number}" for number in range(10)]
    for code in codes:
        bargains.create_offer(code)
    bargains.create_user(gold=75)
    outcomes = race(
        [partial(bargains.perform_activity, BUY, code) for code in codes * 4]
    )
    assert count_outcomes(outcomes) == {"done": 7, PurchaseReason.NOT_ENOUGH_POINTS: 33}
    assert (bargains.get_balance(), count_held(bargains)) == (5, 7)
    assert_invariants()


@pytest.mark.parametrize("action", [BUY, REDEEM])
def test_a_series_of_five_serves_five_of_a_hundred_users(
    bargains: OfferFactory, race: Race, action: Action
) -> None:
    mode = PurchaseMode.ONE_STEP if action == REDEEM else PurchaseMode.TWO_STEP
    bargains.create_offer("RARE", limit=5, mode=mode)
    names = [f"user-{number}" for number in range(100)]
    for name in names:
        bargains.create_user(name, gold=10)
    outcomes = race(
        [partial(bargains.perform_activity, action, "RARE", name) for name in names]
    )
    assert count_outcomes(outcomes) == {"done": 5, Reason.POOL_EMPTY: 95}
    assert sum(bargains.get_balance(name) for name in names) == 950
    assert_invariants()


def test_each_code_of_a_list_goes_to_one_user(
    bargains: OfferFactory, race: Race
) -> None:
    codes = tuple(f"LIST-{number}" for number in range(8))
    bargains.create_offer("", codes=codes)
    names = [f"user-{number}" for number in range(30)]
    for name in names:
        bargains.create_user(name, gold=10)
    outcomes = race(
        [partial(bargains.perform_activity, BUY, "LIST-3", name) for name in names]
    )
    assert count_outcomes(outcomes) == {"done": 8, Reason.POOL_EMPTY: 22}
    coupon_ids = {
        outcome.coupon_id for outcome in outcomes if not isinstance(outcome, Reason)
    }
    assert len(coupon_ids) == 8
    assert_invariants()


def test_of_fifty_refunds_one_gives_the_points_back(
    bargains: OfferFactory, race: Race
) -> None:
    bargains.create_offer("SHIP")
    bargains.create_user(gold=10)
    bargains.perform_activity(BUY, "SHIP")
    bargains.perform_activity(REDEEM, "SHIP")
    outcomes = race([partial(bargains.perform_activity, REFUND, "SHIP")] * 50)
    assert count_outcomes(outcomes) == {"done": 1, PurchaseReason.NOT_REFUNDABLE: 49}
    assert (bargains.get_balance(), count_held(bargains)) == (10, 0)
    assert_invariants()


def test_one_use_is_given_back_once(bargains: OfferFactory, race: Race) -> None:
    definition_id = bargains.create_offer("GIFT", points=0)
    bargains.create_user()
    generation.generate(bargains.tenant.tenant_id, definition_id, ["ann"], NOW)
    bargains.perform_activity(REDEEM, "GIFT")
    outcomes = race([partial(bargains.perform_activity, REFUND, "GIFT")] * 30)
    assert count_outcomes(outcomes) == {"done": 1, PurchaseReason.NOT_REFUNDABLE: 29}
    assert (
        count_outcomes(race([partial(bargains.perform_activity, REDEEM, "GIFT")] * 30))[
            "done"
        ]
        == 1
    )
    assert_invariants()


def test_a_refund_and_phoenix_uses_meet_exactly(
    bargains: OfferFactory, race: Race
) -> None:
    definition_id = bargains.create_offer("GIFT", points=0, usage=UsageMode.MULTI)
    bargains.create_user()
    generation.generate(bargains.tenant.tenant_id, definition_id, ["ann"], NOW)
    tasks: list[Task] = [partial(bargains.perform_activity, REFUND, "GIFT")] * 15
    tasks += [partial(bargains.tenant.redeem, "GIFT")] * 15
    random.Random(1).shuffle(tasks)
    assert set(count_outcomes(race(tasks))) <= {"done", PurchaseReason.NOT_REFUNDABLE}
    assert_invariants()


# ------------------------------------------------------------------ random actions

OFFERS: list[dict[str, Any]] = [
    {"code": "TWO"},
    {"code": "TWO-MULTI", "usage": UsageMode.MULTI, "points": 7},
    {"code": "ONE", "mode": PurchaseMode.ONE_STEP, "points": 3},
    {"code": "ONE-MULTI", "mode": PurchaseMode.ONE_STEP, "usage": UsageMode.MULTI},
    {"code": "SERIES", "limit": 9, "points": 5},
    {"code": "ONE-SERIES", "limit": 9, "mode": PurchaseMode.ONE_STEP},
    {"code": "LIST-1", "codes": tuple(f"LIST-{n}" for n in range(1, 30))},
    {"code": "GIFT", "points": 0},
]
PLAYERS, ACTIONS_PER_PLAYER = 6, 50  # in one round
USERS = [f"user-{number}" for number in range(8)]


def play(bargains: OfferFactory, seed: int, count: int) -> int:
    """Perform `count` random actions; return how many were not refused."""
    rng = random.Random(seed)
    success_count = 0
    for _ in range(count):
        outcome = run_task(partial(_move, bargains, rng))
        assert outcome is None or isinstance(outcome, Reason | PurchaseReason), outcome
        success_count += outcome is None
    return success_count


def _move(bargains: OfferFactory, rng: random.Random) -> None:
    user_id = rng.choice(USERS)
    if rng.random() < 0.1:
        _reverse_any(bargains, rng)
        return
    if rng.random() < 0.1:
        change = PointChange(
            bargains.tenant.tenant_id, user_id, "gold", rng.randint(1, 40)
        )
        write = wallets.credit if rng.random() < 0.8 else wallets.debit
        write(change, utc_now())
        return
    code = rng.choice(OFFERS)["code"]
    bargains.perform_activity(rng.choice([BUY, REDEEM, REDEEM, REFUND]), code, user_id)


def _reverse_any(bargains: OfferFactory, rng: random.Random) -> None:
    tenant_id = bargains.tenant.tenant_id
    records, _ = redemption_records.list_redemptions(tenant_id, RedemptionFilter(), 20)
    if records:
        chosen = rng.choice(records)
        reversals.reverse(tenant_id, chosen.redemption_id, "", utc_now())


def play_everything(bargains: OfferFactory, race: Race, actions: int) -> None:
    shop = bargains.tenant
    definition_ids = {offer["code"]: bargains.create_offer(**offer) for offer in OFFERS}
    for user_id in USERS:
        bargains.create_user(user_id, gold=60)
    generation.generate(shop.tenant_id, definition_ids["GIFT"], USERS, NOW)
    played = 0
    while played < actions:
        tasks = [
            partial(play, bargains, played + n, ACTIONS_PER_PLAYER)
            for n in range(PLAYERS)
        ]
        counts = race(tasks)
        assert all(isinstance(count, int) for count in counts), counts
        assert sum(counts) > PLAYERS * ACTIONS_PER_PLAYER / 20
        played += PLAYERS * ACTIONS_PER_PLAYER
    assert_invariants()


def test_after_all_at_random_every_balance_is_the_sum_of_its_entries(
    bargains: OfferFactory,
) -> None:
    play_everything(bargains, run_concurrently, 300)


@pytest.mark.slow
def test_the_same_after_many_more_in_processes(
    bargains: OfferFactory, core: Settings, pytestconfig: pytest.Config
) -> None:
    race = partial(run_concurrently_in_processes, core)
    play_everything(bargains, race, pytestconfig.getoption("actions"))


def test_what_was_refused_left_nothing_behind(bargains: OfferFactory) -> None:
    bargains.create_offer("SHIP")
    bargains.create_user()
    with pytest.raises(Refused):
        bargains.perform_activity(BUY, "SHIP")
    assert count_held(bargains) == 0
    assert_invariants()
