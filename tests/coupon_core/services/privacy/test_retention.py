"""Tests of retention: what is past it is counted and deleted, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest

from coupon_core.domain.models import Page, UsagePeriod, UserUsage, utc_now
from coupon_core.domain.models.attempts import SignalThresholds
from coupon_core.domain.models.audit import AuditFilter
from coupon_core.domain.report_counts import Counts, ReportCounts, get_quarter
from coupon_core.observability import attempt_buffer
from coupon_core.persistence.database import execute, transaction
from coupon_core.persistence.id_generation import generate_id
from coupon_core.persistence.repositories import user_usage
from coupon_core.persistence.repositories.report_counts import raise_counts
from coupon_core.services import audit
from coupon_core.services.coupons import reservations
from coupon_core.services.coupons.redemption import RedeemRequest
from coupon_core.services.insight import attempt_flush, signals
from coupon_core.services.points import reversals
from coupon_core.services.privacy import retention
from coupon_core.settings.loader import Settings
from tests.factories.dead_letters import create_dead_letter
from tests.factories.tenant import NOW, TenantFactory, create_tenant
from tests.support.attempts import collect_failure
from tests.support.hot_codes import list_redemption_ids
from tests.support.report_invariants import assert_days_are_sums_of_quarters

KEPT_DAYS = {
    **{"audit": 30, "dead_letters": 0, "events": 7, "deliveries": 7},
    **{"reservations": 2, "period_counters": 400, "reports": 0},
}


@pytest.fixture(autouse=True)
def kept_days(core: Settings) -> Iterator[None]:
    retention.configure(KEPT_DAYS)
    yield
    retention.configure(core.kept_days)


def count_rows(tenant: TenantFactory, table: str) -> int:
    sql = f"SELECT count(*) FROM {table} WHERE tenant_id = :tenant_id"
    return int(execute(sql, {"tenant_id": tenant.tenant_id}).fetchone()[0])


def mark_all_sent() -> None:
    execute("UPDATE outbox SET state = 'sent', counted = true", {})


def test_only_what_is_past_its_retention_is_deleted(tenant: TenantFactory) -> None:
    tenant.create_code()
    create_dead_letter(tenant.tenant_id)
    mark_all_sent()
    now = utc_now()
    entry_count = audit.list_entries(tenant.tenant_id, AuditFilter(), Page())[1]
    assert set(retention.count_prunable(tenant.tenant_id, now).values()) == {0}
    for days, expected in ((8, {"events": 1, "audit": 0}), (31, {"events": 0})):
        later = now + timedelta(days=days)
        counts = retention.count_prunable(tenant.tenant_id, later)
        assert counts.items() >= expected.items()
        assert retention.prune(tenant.tenant_id, later, lambda: False) == counts
    assert counts["audit"] == entry_count
    assert count_rows(tenant, "audit_entry") == count_rows(tenant, "outbox") == 0
    assert count_rows(tenant, "dead_letter") == 1


def test_counting_changes_nothing(tenant: TenantFactory) -> None:
    before = count_rows(tenant, "audit_entry")
    later = utc_now() + timedelta(days=365)
    assert retention.count_prunable(tenant.tenant_id, later)["audit"] == before
    assert count_rows(tenant, "audit_entry") == before


def test_an_event_that_is_not_published_is_kept(tenant: TenantFactory) -> None:
    tenant.create_code()
    retention.prune(tenant.tenant_id, utc_now() + timedelta(days=8), lambda: False)
    assert count_rows(tenant, "outbox") == 1


def test_other_tenants_are_left_alone(tenant: TenantFactory) -> None:
    other = create_tenant("other")
    before = count_rows(other, "audit_entry")
    retention.prune(tenant.tenant_id, utc_now() + timedelta(days=31), lambda: False)
    assert count_rows(other, "audit_entry") == before


def test_pruning_stops_when_it_is_told(tenant: TenantFactory) -> None:
    before = count_rows(tenant, "audit_entry")
    retention.prune(tenant.tenant_id, utc_now() + timedelta(days=31), lambda: True)
    assert count_rows(tenant, "audit_entry") == before


def test_reservations_are_kept_while_they_are_counted(tenant: TenantFactory) -> None:
    now = utc_now()
    held = [reserve(tenant) for _ in range(3)]
    reservations.release(tenant.tenant_id, held[0], None, now)
    reservations.confirm(tenant.tenant_id, held[1], None, now)
    later = now + timedelta(days=3)
    assert retention.prune(tenant.tenant_id, later, lambda: False)["reservations"] == 2
    assert count_rows(tenant, "reservation") == 1


PERIODS = {  # of NOW, and the first day on which its counter is past its retention
    UsagePeriod.DAY: ("2026-05-04", date(2027, 6, 9)),
    UsagePeriod.WEEK: ("2026-W19", date(2027, 6, 15)),
    UsagePeriod.MONTH: ("2026-05", date(2027, 6, 5)),
}


@pytest.mark.parametrize("period", PERIODS)
def test_counters_of_past_periods_are_deleted_and_uses_can_still_be_given_back(
    tenant: TenantFactory, period: UsagePeriod
) -> None:
    definition = tenant.define(
        per_user_limit=5, user_period_limit=5, user_period=period
    )
    tenant.redeem(tenant.issue_code(definition), now=NOW)
    key, day = PERIODS[period]
    first = datetime(day.year, day.month, day.day, tzinfo=UTC)
    counts = [
        retention.prune(tenant.tenant_id, now, lambda: False)["period_counters"]
        for now in (first - timedelta(days=1), first)
    ]
    assert counts == [0, 1]
    assert user_usage.get_usage(definition, "ann", key) == UserUsage(1, 0)
    reversals.reverse(
        tenant.tenant_id, list_redemption_ids(definition)[0], reason="", now=first
    )
    assert user_usage.get_usage(definition, "ann", key) == UserUsage(0, 0)


def test_old_counts_of_reports_are_deleted(tenant: TenantFactory) -> None:
    now = utc_now()
    moments = [now - timedelta(days=days) for days in (31, 29)]
    with transaction():
        raise_counts(
            tenant.tenant_id,
            [ReportCounts(generate_id(), get_quarter(each)) for each in moments],
        )
    expected = {"reports": 2, "report_days": 2}
    retention.configure(dict.fromkeys(expected, 30))
    assert retention.count_prunable(tenant.tenant_id, now) == expected
    assert retention.prune(tenant.tenant_id, now, lambda: False) == expected
    assert count_rows(tenant, "report_quarter") == 2


def test_days_and_quarters_of_reports_are_deleted_together(
    tenant: TenantFactory,
) -> None:
    quarters = [NOW + timedelta(hours=12 * number) for number in range(8)]
    with transaction():
        raise_counts(
            tenant.tenant_id,
            [
                ReportCounts(generate_id(), each, counts=Counts(redeemed=1))
                for each in quarters
            ],
        )
    retention.configure({"reports": 1, "report_days": 1})
    for each in quarters:
        retention.prune(tenant.tenant_id, each, lambda: False)
        assert_days_are_sums_of_quarters()
    assert count_rows(tenant, "report_quarter") == 2 * 3  # of one day and its end


def test_old_attempts_refusals_and_signals_are_deleted(tenant: TenantFactory) -> None:
    now = utc_now()
    attempt_buffer.take()
    signals.configure(SignalThresholds(user_failures=1))
    for days in (31, 29):
        collect_failure(tenant.tenant_id, now - timedelta(days=days))
    attempt_flush.flush()
    signals.configure(SignalThresholds())
    expected = {"attempts": 1, "refusals": 1, "refusal_days": 1, "signals": 1}
    retention.configure(dict.fromkeys(expected, 30))
    assert retention.count_prunable(tenant.tenant_id, now) == expected
    assert retention.prune(tenant.tenant_id, now, lambda: False) == expected
    for table, count in ("attempt", 1), ("refusal_count", 2), ("signal", 1):
        assert count_rows(tenant, table) == count


def reserve(tenant: TenantFactory) -> str:
    """Reserve a new code and return the ID of the reservation."""
    request = RedeemRequest(tenant.tenant_id, tenant.create_code(), "ann")
    return str(reservations.reserve(request, 900, utc_now())["reservation_id"])
