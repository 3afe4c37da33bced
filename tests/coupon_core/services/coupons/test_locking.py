"""Tests of concurrent transactions: the second waits, or finds its decision stale."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from coupon_core.domain.models import (
    AdminReason,
    CodeFormat,
    Definition,
    DefinitionStatus,
    IssuedCoupon,
    Page,
    Reason,
    UsagePeriod,
    utc_now,
)
from coupon_core.persistence import database
from coupon_core.persistence.repositories import coupons as coupon_repository
from coupon_core.persistence.repositories import definitions as definition_repository
from coupon_core.persistence.repositories import tenants as tenant_repository
from coupon_core.services import outbox
from coupon_core.services.coupons import code_assignment, lookup, redemption
from coupon_core.services.coupons.redemption import RedeemRequest, StaleDecision
from coupon_core.services.privacy import personal_data
from tests.factories.tenant import NOW, TenantFactory, create_tenant
from tests.support.concurrency import (
    RACE_TIMEOUT_SECONDS,
    Task,
    count_outcomes,
    run_concurrently,
    run_task,
)
from tests.support.invariants import assert_invariants, fetch_rows
from tests.support.reservations import reserve

WAIT_CHECK_SECONDS = 0.3  # seconds in which one who need not wait would long be done


@contextmanager
def uncommitted(action: Callable[[], Any]) -> Iterator[None]:
    """Run the action in another thread, and commit it after the block."""
    done, commit = threading.Event(), threading.Event()

    def run() -> None:
        with database.transaction():
            action()
            done.set()
            commit.wait(RACE_TIMEOUT_SECONDS)
        database.release_connection()

    thread = threading.Thread(target=run)
    thread.start()
    assert done.wait(RACE_TIMEOUT_SECONDS)
    try:
        yield
    finally:
        commit.set()
        thread.join(RACE_TIMEOUT_SECONDS)


def run_after_waiting(first: Callable[[], Any], second: Callable[[], Any]) -> Any:
    """Return the outcome of `second`, which must wait for the commit of `first`."""
    outcomes: list[Any] = []
    waiting = threading.Thread(target=lambda: outcomes.append(run_task(second)))
    with uncommitted(first):
        waiting.start()
        waiting.join(WAIT_CHECK_SECONDS)
        assert outcomes == [], "it did not wait"
    waiting.join(RACE_TIMEOUT_SECONDS)
    return outcomes[0]


def overwrite(definition: Definition, **changes: Any) -> None:
    """Change a definition as a use case does, without committing."""
    coupon_repository.lock_coupons_exclusively()
    before = definition_repository.lock(definition.tenant_id, definition.definition_id)
    definition_repository.update(replace(before, **changes))


def apply_redemption(
    candidate: IssuedCoupon, user_id: str = "ann", claim: bool = False
) -> Any:
    """Write a redemption that was decided on `candidate`."""
    request = RedeemRequest(candidate.coupon.tenant_id, candidate.coupon.code, user_id)
    return redemption.apply_redemption(candidate, request, NOW, claim)


# ------------------------------------------------------------- waiting for locks


def test_generating_waits_for_a_pause(tenant: TenantFactory) -> None:
    definition = tenant.define()
    pause = partial(overwrite_status, definition, DefinitionStatus.PAUSED)
    generate = partial(tenant.generate, definition, ["ann"])
    assert run_after_waiting(pause, generate) == AdminReason.NOT_ACTIVE


def overwrite_status(definition: Definition, status: DefinitionStatus) -> None:
    definition_repository.lock(definition.tenant_id, definition.definition_id)
    definition_repository.update(replace(definition, status=status))


def test_a_pause_waits_for_coupons_being_made(tenant: TenantFactory) -> None:
    definition = tenant.define()
    share = partial(
        definition_repository.lock_shared, tenant.tenant_id, definition.definition_id
    )
    run_after_waiting(share, partial(tenant.pause, definition))


def test_a_suspension_waits_for_a_running_redemption(tenant: TenantFactory) -> None:
    definition = tenant.define()
    seen = tenant.find(tenant.issue_code(definition))
    suspend = partial(tenant.suspend, definition)
    suspended = run_after_waiting(partial(apply_redemption, seen), suspend)
    assert suspended.suspended_at
    assert tenant.find(seen.coupon.code).coupon.redemption_count == 1


def test_drawing_codes_waits_for_a_code_being_named(tenant: TenantFactory) -> None:
    definition = tenant.define()
    naming = partial(tenant_repository.lock, tenant.tenant_id)
    coupons = run_after_waiting(naming, partial(tenant.generate, definition, ["ann"]))
    assert len(coupons) == 1


def test_naming_a_code_waits_for_codes_being_drawn(tenant: TenantFactory) -> None:
    code = "ABCD2345"
    name = partial(tenant.define_custom, code)

    def draw() -> None:
        definition = get_only_definition(tenant)
        tenant_repository.lock_shared(tenant.tenant_id)
        coupon = code_assignment.build_coupon(definition, "ann", code, NOW)
        coupon_repository.insert_new([coupon], definition)

    tenant.define()
    assert run_after_waiting(draw, name) == AdminReason.CODE_TAKEN


def get_only_definition(tenant: TenantFactory) -> Definition:
    [definition], _ = definition_repository.list_definitions(tenant.tenant_id, Page())
    return definition


@pytest.mark.parametrize("claim", [False, True])
def test_setting_a_limit_waits_for_uses_and_counts_them(
    tenant: TenantFactory, claim: bool
) -> None:
    definition = tenant.define_claimable("SAVE10", per_code_limit=0)
    if claim:
        seen = lookup.find_claimable_coupon(tenant.tenant_id, "SAVE10", "ann", NOW)
    else:
        tenant.issue_code(definition)
        seen = tenant.find("SAVE10", "ann")
    changed = run_after_waiting(
        partial(apply_redemption, seen, claim=claim),
        partial(tenant.change, definition, total_limit=1),
    )
    assert changed.used_count == 1
    assert_invariants()


def test_uses_wait_for_a_limit_being_set(tenant: TenantFactory) -> None:
    definition = tenant.define(per_code_limit=0)
    code = tenant.issue_code(definition)
    limit = partial(overwrite, definition, total_limit=1)
    assert (
        run_after_waiting(limit, partial(tenant.redeem, code)).definition.total_limit
        == 1
    )
    assert tenant.reload_definition(definition).used_count == 1
    assert_invariants()


def test_changes_that_write_coupons_do_not_deadlock(tenant: TenantFactory) -> None:
    definition = tenant.define_claimable("SAVE10", total_limit=100)
    users = [f"user-{number}" for number in range(6)]
    for user in users:
        reserve(
            tenant, "SAVE10", user
        )  # in the past: a change of the limit reclaims it
    tasks: list[Task] = [
        partial(tenant.change, definition, total_limit=limit) for limit in range(50, 54)
    ]
    tasks += [
        partial(personal_data.erase, tenant.tenant_id, user, utc_now())
        for user in users
    ]
    assert count_outcomes(run_concurrently(tasks)) == {"done": len(tasks)}
    assert_invariants()


def test_a_redeem_waits_for_a_revoke(tenant: TenantFactory) -> None:
    code = tenant.issue_code(tenant.define())
    coupon = tenant.find(code).coupon

    def revoke() -> None:
        coupon_repository.revoke(tenant.tenant_id, coupon.coupon_id, NOW)
        data = {"coupon": {"id": coupon.coupon_id}}
        outbox.add([outbox.build_coupon_event("coupon.revoked", coupon, data, NOW)])

    assert run_after_waiting(revoke, partial(tenant.redeem, code)) == Reason.REVOKED


def test_a_revoke_waits_for_a_redeem(tenant: TenantFactory) -> None:
    code = tenant.issue_code(tenant.define())
    redeem = partial(apply_redemption, tenant.find(code))
    found = run_after_waiting(redeem, partial(tenant.revoke, code))
    assert found == AdminReason.REDEEMED_COUPON


# In a SQLite file all writers wait for each other.
@pytest.mark.parametrize("migrated_template", ["postgresql"], indirect=True)
def test_another_tenants_naming_is_not_waited_for(tenant: TenantFactory) -> None:
    other = create_tenant()
    with uncommitted(partial(tenant_repository.lock, tenant.tenant_id)):
        assert other.define_custom("SAVE10").custom_code == "SAVE10"


def test_coupons_are_added_in_one_order_whoever_asks(tenant: TenantFactory) -> None:
    """Transactions that insert the same rows in different orders would deadlock."""
    position = "ctid" if database.is_postgresql() else "rowid"
    tenant.generate(tenant.define_custom("SAVE10"), ["cat", "ann", "bob"])
    rows = fetch_rows(
        f"SELECT user_id FROM coupon WHERE tenant_id = '{tenant.tenant_id}'"
        f" ORDER BY {position}"
    )
    assert [user_id for (user_id,) in rows] == ["ann", "bob", "cat"]


# --------------------------------------------------------------- stale decisions

CHANGES: dict[
    str, tuple[dict[str, Any], Callable[[TenantFactory, Definition, str], Any]]
] = {
    "revoked": ({}, lambda tenant, _, code: tenant.revoke(code)),
    "used": ({}, lambda tenant, _, code: tenant.redeem(code)),
    "limited": (
        {},
        lambda tenant, definition, _: tenant.change(definition, total_limit=5),
    ),
    "limit lifted": (
        {"total_limit": 5},
        lambda tenant, definition, _: tenant.change(definition, total_limit=0),
    ),
    "limit moved": (
        {"total_limit": 5},
        lambda tenant, definition, _: tenant.change(definition, total_limit=6),
    ),
    "coupon's limit": (
        {},
        lambda tenant, definition, _: tenant.change(definition, per_code_limit=2),
    ),
    "coupon's limit under a total": (
        {"total_limit": 5},
        lambda tenant, definition, _: tenant.change(definition, per_code_limit=2),
    ),
    "revoked under a total": (
        {"total_limit": 5},
        lambda tenant, _, code: tenant.revoke(code),
    ),
    "suspended": ({}, lambda tenant, definition, _: tenant.suspend(definition)),
    "another period": (
        {"user_period_limit": 5, "user_period": UsagePeriod.DAY},
        lambda tenant, definition, _: tenant.change(
            definition, user_period=UsagePeriod.WEEK
        ),
    ),
    "pool emptied": (
        {"total_limit": 1},
        lambda tenant, definition, _: tenant.redeem(
            tenant.issue_code(definition, "bob"), "bob"
        ),
    ),
}


@pytest.mark.parametrize("case", CHANGES)
def test_a_use_decided_on_what_has_changed_does_not_happen(
    tenant: TenantFactory, case: str
) -> None:
    members, change = CHANGES[case]
    definition = tenant.define(per_code_limit=3, **members)
    code = tenant.issue_code(definition)
    seen = tenant.find(code)
    change(tenant, definition, code)
    assert_stale(tenant, partial(apply_redemption, seen))


@pytest.mark.parametrize("total", [0, 5])
def test_an_unassigned_coupon_that_has_found_its_owner_is_not_used(
    tenant: TenantFactory, total: int
) -> None:
    code = tenant.issue_unassigned_code(
        tenant.define(per_code_limit=0, total_limit=total)
    )
    seen = tenant.find(code)
    tenant.redeem(code, "bob")
    assert_stale(tenant, partial(apply_redemption, seen))


CLAIMS: dict[str, Callable[[TenantFactory, Definition], Any]] = {
    "suspended": lambda tenant, definition: tenant.suspend(definition),
    "limit per period": lambda tenant, definition: tenant.change(
        definition, user_period_limit=1, user_period=UsagePeriod.DAY
    ),
    "claimed": lambda tenant, _: tenant.redeem("SAVE10"),
    "given": lambda tenant, definition: tenant.issue_code(definition),
    "limited": lambda tenant, definition: tenant.change(definition, total_limit=9),
    "coupon's limit": lambda tenant, definition: tenant.change(
        definition, per_code_limit=2
    ),
    "renamed": lambda tenant, definition: tenant.change(
        definition, custom_code="SAVE20"
    ),
    "case matters": lambda tenant, definition: tenant.change(
        definition, case_sensitive=True
    ),
    "random": lambda tenant, definition: tenant.change(
        definition, code_format=CodeFormat.RANDOM, custom_code="", claimable=False
    ),
}


@pytest.mark.parametrize("total", [0, 5])
@pytest.mark.parametrize("case", CLAIMS)
def test_a_claim_decided_on_what_has_changed_does_not_happen(
    tenant: TenantFactory, case: str, total: int
) -> None:
    definition = tenant.define_claimable("SAVE10", per_code_limit=3, total_limit=total)
    seen = lookup.find_claimable_coupon(tenant.tenant_id, "SAVE10", "ann", NOW)
    CLAIMS[case](tenant, definition)
    assert_stale(tenant, partial(apply_redemption, seen, claim=True))


def assert_stale(tenant: TenantFactory, action: Callable[[], Any]) -> None:
    """Assert that the action finds its decision stale and changes nothing."""
    before = fetch_all_rows(tenant)
    with pytest.raises(StaleDecision), database.single_statement():
        action()
    assert fetch_all_rows(tenant) == before
    assert_invariants()


def fetch_all_rows(tenant: TenantFactory) -> list[Any]:
    condition = f"WHERE tenant_id = '{tenant.tenant_id}'"
    tables = "definition", "coupon", "redemption", "outbox"
    return [
        sorted(fetch_rows(f"SELECT * FROM {table} {condition}"), key=repr)
        for table in tables
    ]
