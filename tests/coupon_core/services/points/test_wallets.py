"""Test balances, the ledger and concurrent changes to one wallet."""

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
    MAX_POINTS,
    EntryKind,
    PointChange,
    PointEntry,
)
from coupon_core.services.points import users, wallets
from tests.factories.tenant import NOW, TenantFactory
from tests.support.concurrency import count_outcomes, run_concurrently
from tests.support.invariants import assert_invariants
from tests.support.refusals import capture_refusal


@pytest.fixture
def ann(tenant: TenantFactory) -> TenantFactory:
    """Return a tenant with the registered user ann."""
    users.create(tenant.tenant_id, {"user_id": "ann"}, NOW)
    return tenant


def credit(tenant: TenantFactory, amount: int, point_id: str = "gold") -> PointEntry:
    return wallets.credit(
        PointChange(tenant.tenant_id, "ann", point_id, amount, "order-1"), utc_now()
    )


def debit(tenant: TenantFactory, amount: int) -> PointEntry:
    return wallets.debit(
        PointChange(tenant.tenant_id, "ann", "gold", amount), utc_now()
    )


def balance(tenant: TenantFactory) -> int:
    rows, _ = wallets.list_wallets(tenant.tenant_id, Page(), "ann", "gold")
    return rows[0].balance if rows else 0


def test_every_change_is_an_entry_with_the_balance_after_it(ann: TenantFactory) -> None:
    credit(ann, 100)
    debit(ann, 30)
    entries, total = wallets.list_entries(ann.tenant_id, Page(), "ann")
    changes = [
        (entry.amount, entry.balance, entry.kind, entry.reference) for entry in entries
    ]
    assert changes == [
        (-30, 70, EntryKind.DEBIT, ""),
        (100, 100, EntryKind.CREDIT, "order-1"),
    ]
    assert total == 2
    assert_invariants()


def test_points_of_different_kinds_do_not_mix(ann: TenantFactory) -> None:
    credit(ann, 5)
    credit(ann, 7, "silver")
    rows, _ = wallets.list_wallets(ann.tenant_id, Page(), "ann")
    balances = [(wallet.point_id, wallet.balance) for wallet in rows]
    assert balances == [("gold", 5), ("silver", 7)]


@pytest.mark.parametrize("amount", [11, MAX_POINTS])
def test_more_than_there_is_cannot_be_taken(ann: TenantFactory, amount: int) -> None:
    credit(ann, 10)
    assert capture_refusal(debit, ann, amount) == PurchaseReason.NOT_ENOUGH_POINTS
    assert balance(ann) == 10


def test_nothing_can_be_taken_where_there_was_never_anything(
    ann: TenantFactory,
) -> None:
    assert capture_refusal(debit, ann, 1) == PurchaseReason.NOT_ENOUGH_POINTS


def test_a_wallet_holds_no_more_than_a_client_can_count(ann: TenantFactory) -> None:
    credit(ann, MAX_POINTS)
    assert capture_refusal(credit, ann, 1) == AdminReason.WALLET_FULL
    assert balance(ann) == MAX_POINTS


def test_unknown_users_have_no_points(tenant: TenantFactory) -> None:
    assert capture_refusal(credit, tenant, 1) == PurchaseReason.USER_NOT_FOUND
    assert capture_refusal(debit, tenant, 1) == PurchaseReason.USER_NOT_FOUND


def test_a_user_is_made_known_once(ann: TenantFactory) -> None:
    again = partial(users.create, ann.tenant_id, {"user_id": "ann"}, NOW)
    assert capture_refusal(again) == AdminReason.USER_EXISTS


def test_of_many_debits_exactly_as_many_succeed_as_are_covered(
    ann: TenantFactory,
) -> None:
    credit(ann, 70)
    outcomes = run_concurrently([partial(debit, ann, 10)] * 30)
    assert count_outcomes(outcomes) == {"done": 7, PurchaseReason.NOT_ENOUGH_POINTS: 23}
    assert balance(ann) == 0
    assert_invariants()


def test_of_many_first_credits_none_is_lost(ann: TenantFactory) -> None:
    assert count_outcomes(run_concurrently([partial(credit, ann, 3)] * 30)) == {
        "done": 30
    }
    assert balance(ann) == 90
    assert_invariants()
