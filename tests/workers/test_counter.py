"""Tests of the counter: it treats tenants alike, and the purge waits for it."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from coupon_core.domain.models import utc_now
from coupon_core.persistence import database
from coupon_core.persistence.database import is_postgresql
from coupon_core.persistence.id_generation import MIN_ID
from coupon_core.persistence.repositories.outbox import SELECT_OLD_OF_ALL_TENANTS
from coupon_core.persistence.repositories.uncounted_events import (
    CLAIM,
    MEASURE_OF_ALL_TENANTS,
    SELECT_UNCOUNTED_OF_ALL_TENANTS,
)
from coupon_core.persistence.row_locks import skip_locked_clause
from coupon_core.services import outbox
from coupon_core.services.privacy import retention
from coupon_core.settings.loader import Settings
from tests.factories.tenant import TenantFactory, create_tenant
from tests.support.report_invariants import count_all, read_gifts
from workers import counter


@pytest.fixture(autouse=True)
def empty_outbox(core: Settings) -> None:
    database.execute("DELETE FROM outbox", {})


def test_a_tenant_with_many_events_does_not_delay_others(
    tenant: TenantFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counter, "BATCH_SIZE", 2)
    other = create_tenant("zeta")
    tenant.generate(tenant.define(), ["ann"] * 9)
    other.create_code()
    stop = threading.Event()
    assert counter.run_round(stop, lambda: None)
    assert (read_gifts(tenant), read_gifts(other)) == ((2, 2), (1, 1))
    while counter.run_round(stop, lambda: None):
        pass
    assert read_gifts(tenant) == (9, 9)


@pytest.mark.parametrize(
    ("event_type", "state", "is_counted", "is_deleted"),
    [
        ("coupon.generated", "sent", True, True),
        ("coupon.generated", "sent", False, False),
        ("coupon.generated", "pending", True, False),
        ("coupon.expired", "sent", False, True),  # is not counted at all
        ("coupon.expired", "pending", False, False),
    ],
)
def test_an_event_is_kept_until_it_is_sent_and_counted(
    tenant: TenantFactory,
    event_type: str,
    state: str,
    is_counted: bool,
    is_deleted: bool,
) -> None:
    tenant.create_code()
    database.execute(
        "UPDATE outbox SET event_type = :event_type, state = :state",
        {"event_type": event_type, "state": state},
    )
    if is_counted:
        assert count_all() == 1
    later = utc_now() + timedelta(days=8)
    assert retention.count_prunable(tenant.tenant_id, later)["events"] == is_deleted
    assert outbox.purge(later, 500) == is_deleted


@pytest.mark.usefixtures("tenant")
def test_the_statements_use_the_index_of_uncounted_events() -> None:
    plans = [
        fetch_plan(CLAIM.format(skipping=skip_locked_clause())),
        fetch_plan(SELECT_UNCOUNTED_OF_ALL_TENANTS),
        fetch_plan(MEASURE_OF_ALL_TENANTS),
    ]
    assert ["outbox_uncounted" in plan for plan in plans] == [True] * 3
    plan = fetch_plan(SELECT_OLD_OF_ALL_TENANTS)
    assert "outbox_sent" in plan


def fetch_plan(sql: str) -> str:
    """Return how the database would run a statement on a large table."""
    parameters = {
        **{"tenant_id": "acme", "after_id": "", "limit": 9},
        "first_kept": MIN_ID,
    }
    if not is_postgresql():
        return str(database.execute(f"EXPLAIN QUERY PLAN {sql}", parameters).fetchall())
    with database.discarded_transaction():
        for method in ("seqscan", "bitmapscan", "sort"):
            database.execute(f"SET LOCAL enable_{method} = off", {})
        plan = database.execute(f"EXPLAIN {sql}", parameters).fetchall()
    return str(plan)
