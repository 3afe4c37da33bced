"""Tests of the sweeper: it deletes tenants, refills, warns, and prunes once a day."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import pytest
import time_machine

from coupon_core.persistence.database import execute
from coupon_core.services.coupons import reservations
from coupon_core.services.coupons.redemption import RedeemRequest
from coupon_core.services.privacy import tenant_deletion
from coupon_core.settings.loader import Settings
from tests.factories.tenant import NOW, create_tenant
from workers import maintenance


def run_once() -> dict[str, int]:
    return maintenance.run_once(threading.Event(), lambda: None)


@pytest.fixture(autouse=True)
def never_pruned(core: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(maintenance, "_last_pruned_on", None)


def test_a_tenant_whose_deletion_was_begun_is_deleted() -> None:
    tenant = create_tenant()
    tenant_deletion.start(tenant.tenant_id, NOW)
    assert run_once()["deleted_with_tenants"] > 0
    assert tenant_deletion.list_unfinished() == []
    assert run_once()["deleted_with_tenants"] == 0


def test_definitions_are_refilled_and_announced_once() -> None:
    tenant = create_tenant()
    tenant.define(refill_count=5, refill_below=1)
    tenant.redeem(tenant.create_unassigned_code())
    counts = [run_once() for _ in range(2)]
    assert [(each["refilled"], each["warned"]) for each in counts] == [(1, 1), (0, 0)]


@pytest.mark.parametrize(
    ("hours", "expected"),
    [((2,), [0]), ((3,), [1]), ((2, 3, 23), [0, 1, 0]), ((3, 27), [1, 0])],
)
def test_past_retention_is_pruned_once_a_night(
    hours: tuple[int, ...], expected: list[int]
) -> None:
    create_tenant().create_code()
    execute("UPDATE outbox SET state = 'sent', counted = true", {})
    pruned = []
    for hour in hours:
        day, of_day = divmod(hour, 24)
        with time_machine.travel(datetime(2099, 1, 1 + day, of_day, tzinfo=UTC)):
            pruned.append(min(1, run_once()["pruned"]))
    assert pruned == expected


def test_each_ended_reservation_is_announced_once() -> None:
    tenant = create_tenant()
    definition = tenant.define(total_limit=3)
    for _ in range(3):
        request = RedeemRequest(tenant.tenant_id, tenant.issue_code(definition), "ann")
        reservations.reserve(request, 60, NOW)
    assert run_once()["reservations_expired"] >= 3
    assert run_once()["reservations_expired"] == 0
    assert tenant.reload_definition(definition).used_count == 0
