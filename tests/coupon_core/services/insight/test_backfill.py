"""Tests of the upgrade: earlier and later uses are counted, each exactly once."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import time_machine
from playhouse.migrations import Runner

from coupon_core.domain.models import utc_now
from coupon_core.domain.models.filters import RedemptionFilter
from coupon_core.domain.timestamps import format_timestamp_milliseconds
from coupon_core.persistence import schema
from coupon_core.persistence.database import discarded_transaction
from coupon_core.persistence.id_generation import get_min_id_at
from coupon_core.persistence.tables import database_proxy, to_datetime
from coupon_core.services.coupons import redemption_records
from coupon_core.services.insight import backfill
from coupon_core.services.points import reversals
from tests.coupon_core.services.insight.histories import History
from tests.factories.tenant import NOW, TenantFactory, create_tenant
from tests.support.concurrency import run_concurrently, started_core
from tests.support.invariants import fetch_rows
from tests.support.report_invariants import (
    assert_counts_equal_rows,
    count_all,
    read_gifts,
)
from tests.support.settings import build_settings

PREVIOUS = "0024_refill_and_warnings"
MIGRATION = "0025_report_counts"
LATER_INDEX = "0031_code_counts"  # of a table of that migration


def upgrade_to_previous_release() -> None:
    """Create the schema of the previous release, and what later migrations add.

    Uses can be stored without what this migration adds, but not without the others.
    """
    runner = Runner(database_proxy.obj, str(schema.MIGRATIONS_DIR))
    runner.up(PREVIOUS)
    runner.fake(MIGRATION)
    runner.up("0030_provider_accounts")
    runner.fake(LATER_INDEX)
    runner.up()
    faked = [MIGRATION, LATER_INDEX]
    runner.History.delete().where(runner.History.name.in_(faked)).execute()


def find_cut_over() -> datetime:
    ((moment,),) = fetch_rows("SELECT cut_over_at FROM report_backfill")
    return to_datetime(moment)


def redeem_by_a_fast_clock(tenant: TenantFactory, code: str) -> None:
    """Redeem a code on a host whose clock is four minutes ahead."""
    now = utc_now() + timedelta(minutes=4)
    tenant.redeem(code, now=now)
    database_proxy.execute_sql(
        f"UPDATE outbox SET event_id = '{get_min_id_at(now)}' WHERE occurred_at ="
        f" '{format_timestamp_milliseconds(now)}'"
    )


def reverse_each(tenant: TenantFactory, now: datetime) -> None:
    rows, _ = redemption_records.list_redemptions(
        tenant.tenant_id, RedemptionFilter(), 1_000
    )
    for record in rows[::3]:
        reversals.reverse(tenant.tenant_id, record.redemption_id, reason="", now=now)


def test_uses_before_and_after_the_upgrade_are_counted_once(
    empty_database_url: str, tmp_path: Path
) -> None:
    """Also uses by hosts whose clocks differ by some minutes."""
    with started_core(build_settings(empty_database_url, tmp_path)):
        upgrade_to_previous_release()
        tenant = create_tenant()
        history = History(tenant, 3)
        history.run(40, [NOW])
        code = tenant.create_code(per_code_limit=9)
        redeem_by_a_fast_clock(tenant, code)
        assert MIGRATION in schema.upgrade()
        cut_over_at = find_cut_over()
        tenant.redeem(code, now=cut_over_at - timedelta(minutes=4))
        tenant.redeem(code, now=cut_over_at)
        tenant.redeem(code, now=cut_over_at - timedelta(milliseconds=1))
        reverse_each(tenant, cut_over_at + timedelta(seconds=1))
        reverse_each(tenant, cut_over_at - timedelta(seconds=1))
        assert backfill.list_due_tenants(utc_now()) == []
        history.run(20, [cut_over_at])
        assert count_all() > 20
        with time_machine.travel(cut_over_at + timedelta(minutes=10)):
            count_interrupted(tenant.tenant_id)
        assert_counts_equal_rows()
        assert backfill.list_due_tenants(utc_now() + timedelta(days=1)) == []


def count_interrupted(tenant_id: str) -> None:
    """Run the backfill in two threads in chunks, some of which are rolled back."""
    with discarded_transaction():
        assert backfill.continue_backfill(tenant_id, utc_now(), 3) == 3

    def run() -> Any:
        while backfill.continue_backfill(tenant_id, utc_now(), 3):
            pass

    run_concurrently([run, run])
    run()


def test_a_tenant_that_is_new_has_no_backfill(
    empty_database_url: str, tmp_path: Path
) -> None:
    with started_core(build_settings(empty_database_url, tmp_path)):
        schema.upgrade()
        tenant = create_tenant()
        tenant.redeem(tenant.create_code(), now=utc_now() - timedelta(minutes=4))
        assert backfill.list_due_tenants(utc_now() + timedelta(days=1)) == []
        count_all()
        assert_counts_equal_rows()


def test_codes_before_the_upgrade_are_not_counted(
    empty_database_url: str, tmp_path: Path
) -> None:
    with started_core(build_settings(empty_database_url, tmp_path)):
        upgrade_to_previous_release()
        tenant = create_tenant(now=None)
        tenant.create_code()
        schema.upgrade()
        tenant.create_code()
        assert count_all() == 1
        assert read_gifts(tenant) == (1, 1)
