"""Reservations hold a use for a while, and give back exactly what they raised."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from coupon_core.domain.models import (
    AdminReason,
    Definition,
    Reason,
    Refused,
    ReservationReason,
    UsagePeriod,
)
from coupon_core.domain.models.purchases import Action, ActivityRequest
from coupon_core.services.codes import timeline
from coupon_core.services.coupons import reservation_endings
from coupon_core.services.points import activities, users
from coupon_core.services.privacy import personal_data
from tests.factories.tenant import NOW, TenantFactory, create_tenant
from tests.support.invariants import assert_invariants, fetch_rows
from tests.support.refusals import capture_refusal
from tests.support.reservations import END, LATER, confirm, release, reserve


def list_types(tenant: TenantFactory) -> list[str]:
    """Return the types of the tenant's events about reservations, in order."""
    rows = fetch_rows(
        f"""SELECT event_type FROM outbox WHERE tenant_id = '{tenant.tenant_id}'
        ORDER BY event_id"""
    )
    return [name for (name,) in rows if name.startswith("reservation.")]


def test_a_reserved_use_is_refused_until_it_is_released(tenant: TenantFactory) -> None:
    code = tenant.create_code()
    held = reserve(tenant, code)
    for use in (tenant.redeem, partial(reserve, tenant)):
        assert capture_refusal(partial(use, code, now=NOW)) == Reason.RESERVED
    assert tenant.validate(code).decision.reason == Reason.RESERVED
    assert tenant.validate(code, None).decision.reason == Reason.RESERVED
    assert_invariants()
    release(tenant, held)
    release(tenant, held)
    assert tenant.validate(code).decision.is_allowed
    tenant.redeem(code, now=NOW)
    assert list_types(tenant) == ["reservation.created", "reservation.released"]
    assert_invariants()


def test_a_confirmed_use_is_redeemed_once(tenant: TenantFactory) -> None:
    limits = {"per_user_limit": 1, "total_limit": 2, "per_code_limit": 1}
    period = {"user_period_limit": 1, "user_period": UsagePeriod.DAY}
    code = tenant.create_code(**limits, **period)
    held = reserve(tenant, code)
    answer = confirm(tenant, held)
    assert (answer["status"], answer["redemption_count"]) == ("redeemed", 1)
    assert confirm(tenant, held, LATER) == answer
    assert capture_refusal(partial(release, tenant, held)) == (
        ReservationReason.RESERVATION_CONFIRMED
    )
    assert capture_refusal(partial(tenant.redeem, code)) == Reason.ALREADY_REDEEMED
    assert list_types(tenant) == ["reservation.created", "reservation.confirmed"]
    assert_invariants()


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        ({"total_limit": 1}, Reason.POOL_EMPTY),
        ({"per_user_limit": 1}, Reason.RESERVED),
        (
            {"user_period_limit": 1, "user_period": UsagePeriod.MONTH},
            Reason.RESERVED,
        ),
        ({"per_code_limit": 1}, Reason.RESERVED),
    ],
    ids=["total", "user", "period", "code"],
)
def test_a_live_reservation_counts_in_every_limit_until_its_end(
    tenant: TenantFactory, limits: dict[str, Any], reason: Reason
) -> None:
    code = tenant.create_code(**{"per_code_limit": 0, **limits})
    held = reserve(tenant, code)
    refused = partial(tenant.redeem, code, now=END)
    assert capture_refusal(refused) == reason
    assert tenant.validate(code, now=END).decision.reason == reason
    assert tenant.validate(code, now=LATER).decision.is_allowed
    tenant.redeem(code, now=LATER)
    late = partial(confirm, tenant, held, LATER)
    assert capture_refusal(late) == ReservationReason.RESERVATION_EXPIRED
    reservation_endings.announce_expired(tenant.tenant_id, LATER)
    reservation_endings.announce_expired(tenant.tenant_id, LATER)
    assert list_types(tenant) == ["reservation.created", "reservation.expired"]
    assert_invariants()


@pytest.mark.parametrize("is_announced", [False, True], ids=["held", "announced"])
def test_a_late_confirmation_succeeds_while_the_limits_allow_it(
    tenant: TenantFactory, is_announced: bool
) -> None:
    code = tenant.create_code(total_limit=1, per_user_limit=1)
    held = reserve(tenant, code)
    if is_announced:
        reservation_endings.announce_expired(tenant.tenant_id, LATER)
    assert confirm(tenant, held, LATER)["status"] == "redeemed"
    assert list_types(tenant)[1:] == ["reservation.expired", "reservation.confirmed"]
    assert_invariants()


def test_an_unassigned_code_is_held_for_its_user_only(tenant: TenantFactory) -> None:
    definition = tenant.define(per_code_limit=0)
    code = tenant.issue_unassigned_code(definition)
    held = reserve(tenant, code)
    assert capture_refusal(partial(tenant.redeem, code, "bob", NOW)) == Reason.RESERVED
    assert tenant.validate(code, "ann").decision.is_allowed
    confirm(tenant, held)
    reason = capture_refusal(partial(tenant.redeem, code, "bob", NOW))
    assert reason == Reason.COUPON_NOT_FOUND
    assert_invariants()


def test_a_released_unassigned_code_is_free_for_all(tenant: TenantFactory) -> None:
    code = tenant.create_unassigned_code()
    release(tenant, reserve(tenant, code))
    tenant.redeem(code, "bob", NOW)
    assert_invariants()


def test_a_claimable_code_is_reserved_without_a_use(tenant: TenantFactory) -> None:
    tenant.define_claimable("SAVE10", total_limit=1)
    held = reserve(tenant, "save10")
    assert capture_refusal(partial(tenant.redeem, "SAVE10", "bob", NOW)) == (
        Reason.POOL_EMPTY
    )
    assert confirm(tenant, held)["redemption_count"] == 1
    assert_invariants()


def test_a_confirmation_is_refused_like_a_redemption(tenant: TenantFactory) -> None:
    changes = {
        Reason.REVOKED: lambda _, code: tenant.revoke(code),
        Reason.SUSPENDED: lambda definition, _: tenant.suspend(definition),
        Reason.ARCHIVED: lambda definition, _: tenant.archive(definition),
    }
    for reason, change in changes.items():
        definition = tenant.define()
        code = tenant.issue_code(definition)
        held = reserve(tenant, code)
        change(definition, code)
        for now in (NOW, LATER):
            assert capture_refusal(partial(confirm, tenant, held, now)) == reason
        release(tenant, held)
    assert_invariants()


def test_a_suspension_keeps_the_time_of_a_reservation(tenant: TenantFactory) -> None:
    definition = tenant.define()
    held = reserve(tenant, tenant.issue_code(definition))
    tenant.suspend(definition)
    tenant.resume(definition)
    assert confirm(tenant, held, END)["status"] == "redeemed"


def test_a_confirmation_ignores_an_expiry_that_passed_meanwhile(
    tenant: TenantFactory,
) -> None:
    coupon = tenant.issue_coupon(tenant.define(), expires_at=NOW + timedelta(seconds=9))
    held = reserve(tenant, coupon.coupon.code)
    assert confirm(tenant, held, END)["status"] == "redeemed"


def test_reservations_of_others_and_unknown_ones_are_the_same(
    tenant: TenantFactory,
) -> None:
    other_tenant = create_tenant("other")
    held = reserve(tenant, tenant.create_code())
    unknown = ReservationReason.RESERVATION_NOT_FOUND
    assert capture_refusal(partial(confirm, tenant, held, NOW, "bob")) == unknown
    assert capture_refusal(partial(confirm, other_tenant, held)) == unknown
    assert capture_refusal(partial(release, other_tenant, held)) == unknown
    release(tenant, held)
    assert capture_refusal(partial(confirm, tenant, held)) == (
        ReservationReason.RESERVATION_RELEASED
    )


def test_limits_are_counted_again_with_reservations(tenant: TenantFactory) -> None:
    definition = tenant.define(per_code_limit=0)
    codes = [tenant.issue_unassigned_code(definition) for _ in range(2)]
    held = [reserve(tenant, code, now=datetime.now(UTC)) for code in codes]
    for limit in (
        {"per_user_limit": 1},
        {"total_limit": 1},
        {"user_period_limit": 1, "user_period": UsagePeriod.DAY},
    ):
        with pytest.raises(Refused) as refused:
            tenant.change(definition, **limit)
        assert "at least 2" in refused.value.detail
    every_limit = {"per_user_limit": 2, "total_limit": 2, "user_period_limit": 2}
    tenant.change(definition, **every_limit, user_period=UsagePeriod.WEEK)
    assert_invariants()
    release(tenant, held[0])
    confirm(tenant, held[1], datetime.now(UTC))
    assert_invariants()
    assert read_counts(definition) == (1, 1, 1)


def read_counts(definition: Definition) -> tuple[int, ...]:
    """Return the counters of a definition with one user and one period."""
    key = f"""tenant_id = '{definition.tenant_id}'
        AND definition_id = '{definition.definition_id}'"""
    return tuple(
        fetch_rows(f"SELECT sum(used_count) FROM {table} WHERE {key}")[0][0]
        for table in ("definition", "user_usage", "user_period_usage")
    )


def test_a_person_with_a_live_reservation_is_not_erased(tenant: TenantFactory) -> None:
    now = datetime.now(UTC)
    code = tenant.create_unassigned_code(per_user_limit=1)
    held = reserve(tenant, code, now=now)
    erase = partial(personal_data.erase, tenant.tenant_id, "ann", now)
    assert capture_refusal(erase) == AdminReason.LIVE_RESERVATIONS
    release(tenant, held, now)
    erased = erase()
    assert erased.row_counts["reservation"] == erased.row_counts["user_usage"] == 1
    sql = f"""SELECT user_id FROM reservation
        WHERE tenant_id = '{tenant.tenant_id}'"""
    assert fetch_rows(sql) == [(erased.pseudonym,)]


def test_mambo_refuses_what_is_reserved_and_reclaims_what_has_ended(
    tenant: TenantFactory,
) -> None:
    tenant.define_claimable("SHIP1", total_limit=1)
    users.create(tenant.tenant_id, {"user_id": "ann", "is_member": True}, NOW)
    reserve(tenant, "SHIP1")
    request = ActivityRequest(tenant.tenant_id, "ann", Action.REDEEM, "SHIP1")
    redeem = partial(activities.perform, request)
    assert capture_refusal(partial(redeem, END)) == Reason.RESERVED
    redeem(LATER)
    assert_invariants()


def test_the_timeline_of_a_coupon_shows_its_reservations(tenant: TenantFactory) -> None:
    coupon = tenant.issue_coupon(tenant.define(per_code_limit=3)).coupon
    release(tenant, reserve(tenant, coupon.code), NOW + timedelta(seconds=1))
    confirm(tenant, reserve(tenant, coupon.code), NOW + timedelta(seconds=2))
    reserve(tenant, coupon.code)
    _, entries = timeline.get_timeline(tenant.tenant_id, coupon.coupon_id, LATER)
    assert [entry.event for entry in entries][1:] == [
        *["reserved"] * 3,
        "reservation_released",
        "redeemed",
        "reservation_confirmed",
        "reservation_expired",
    ]
