"""Points: balances, their ledger, and what many do to one wallet at once."""

from __future__ import annotations

from functools import partial

import pytest

from coupon_core.domain.models import (
    AdminReason,
    Page,
    PurchaseReason,
    utc_now,
)
from coupon_core.domain.models.points import (
    MOST_POINTS,
    EntryKind,
    PointChange,
    PointEntry,
)
from coupon_core.services.points import users, wallets
from tests.cores import at_once, tally
from tests.invariants import assert_invariants
from tests.shop import NOW, Shop, refusal


@pytest.fixture
def ann(shop: Shop) -> Shop:
    """A tenant that knows ann."""
    users.create(shop.tenant_id, {"user_id": "ann"}, NOW)
    return shop


def credit(shop: Shop, amount: int, point_id: str = "gold") -> PointEntry:
    return wallets.credit(
        PointChange(shop.tenant_id, "ann", point_id, amount, "order-1"), utc_now()
    )


def debit(shop: Shop, amount: int) -> PointEntry:
    return wallets.debit(PointChange(shop.tenant_id, "ann", "gold", amount), utc_now())


def balance(shop: Shop) -> int:
    rows, _ = wallets.wallets(shop.tenant_id, Page(), "ann", "gold")
    return rows[0].balance if rows else 0


def test_every_change_is_an_entry_with_the_balance_after_it(ann: Shop) -> None:
    credit(ann, 100)
    debit(ann, 30)
    found, total = wallets.entries(ann.tenant_id, Page(), "ann")
    told = [(one.amount, one.balance, one.kind, one.reference) for one in found]
    assert told == [
        (-30, 70, EntryKind.DEBIT, ""),
        (100, 100, EntryKind.CREDIT, "order-1"),
    ]
    assert total == 2
    assert_invariants()


def test_points_of_different_kinds_do_not_mix(ann: Shop) -> None:
    credit(ann, 5)
    credit(ann, 7, "silver")
    rows, _ = wallets.wallets(ann.tenant_id, Page(), "ann")
    assert [(one.point_id, one.balance) for one in rows] == [("gold", 5), ("silver", 7)]


@pytest.mark.parametrize("amount", [11, MOST_POINTS])
def test_more_than_there_is_cannot_be_taken(ann: Shop, amount: int) -> None:
    credit(ann, 10)
    assert refusal(debit, ann, amount) == PurchaseReason.NOT_ENOUGH_POINTS
    assert balance(ann) == 10


def test_nothing_can_be_taken_where_there_was_never_anything(ann: Shop) -> None:
    assert refusal(debit, ann, 1) == PurchaseReason.NOT_ENOUGH_POINTS


def test_a_wallet_holds_no_more_than_a_client_can_count(ann: Shop) -> None:
    credit(ann, MOST_POINTS)
    assert refusal(credit, ann, 1) == AdminReason.WALLET_FULL
    assert balance(ann) == MOST_POINTS


def test_unknown_users_have_no_points(shop: Shop) -> None:
    assert refusal(credit, shop, 1) == PurchaseReason.USER_NOT_FOUND
    assert refusal(debit, shop, 1) == PurchaseReason.USER_NOT_FOUND


def test_a_user_is_made_known_once(ann: Shop) -> None:
    again = partial(users.create, ann.tenant_id, {"user_id": "ann"}, NOW)
    assert refusal(again) == AdminReason.USER_EXISTS


def test_of_many_debits_exactly_as_many_succeed_as_are_covered(ann: Shop) -> None:
    credit(ann, 70)
    outcomes = at_once([partial(debit, ann, 10)] * 30)
    assert tally(outcomes) == {"done": 7, PurchaseReason.NOT_ENOUGH_POINTS: 23}
    assert balance(ann) == 0
    assert_invariants()


def test_of_many_first_credits_none_is_lost(ann: Shop) -> None:
    assert tally(at_once([partial(credit, ann, 3)] * 30)) == {"done": 30}
    assert balance(ann) == 90
    assert_invariants()
