"""Storing attempts: bounds, failures, unknown tenants and concurrent processes."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import peewee
import pytest

from coupon_core.domain.models import utc_now
from coupon_core.domain.models.attempts import Outcome
from coupon_core.domain.report_counts import WHOLE_TENANT
from coupon_core.observability import attempt_buffer
from coupon_core.observability.attempt_buffer import Collected
from coupon_core.persistence import database
from coupon_core.persistence.database import execute
from coupon_core.persistence.tables import (
    AttemptTable,
    RefusalCountTable,
    ReportQuarterTable,
)
from coupon_core.services.insight import attempt_flush, attempts
from coupon_core.services.insight.attempt_flush import FlushThread
from coupon_core.services.privacy import tenant_deletion, tenant_keys
from tests.coupon_core.services.insight.conftest import Fail
from tests.factories.tenant import NOW, TenantFactory, create_tenant
from tests.support.concurrency import run_concurrently

PROCESS_COUNT, KEY_COUNT = 6, 2_000
QUARTER = int(NOW.timestamp()) // 900


def build_outcome(tenant: TenantFactory, definition_number: int = 1) -> Outcome:
    return Outcome(
        tenant.tenant_id,
        QUARTER,
        definition_id=f"01936f2e-6d3e-7e50-9c77-{definition_number:012}",
        code_key="",
        dialect="phoenix",
        action="redeem",
        reason="COUPON_EXPIRED",
    )


def sum_refused(table: type[peewee.Model], tenant: TenantFactory) -> int:
    """Return the sum of the quarters."""
    rows = table.select().where(table.tenant_id == tenant.tenant_id)
    if table is RefusalCountTable:
        rows = rows.where(table.resolution == "quarter")
    return sum(row.refused for row in rows)


def list_attempts(*tenant_ids: str) -> list[AttemptTable]:
    return list(AttemptTable.select().where(AttemptTable.tenant_id.in_(tenant_ids)))


def test_codes_are_found_by_a_hash_and_stored_masked(
    tenant: TenantFactory, fail: Fail
) -> None:
    fail("welcome8x4f2k9p")
    fail("OTHERCODE")
    attempt_flush.flush()
    (found,), _ = attempts.list_attempts(tenant.tenant_id, code=" WELCOME8X4F2K9P\n")
    assert found.masked_code == "wel***********p"
    hashes = {row.code_hash for row in list_attempts(tenant.tenant_id)}
    assert {len(code_hash) for code_hash in hashes} == {attempts.HASH_DIGITS}
    assert len(hashes) == 2


def test_reading_attempts_by_code_changes_nothing(tenant: TenantFactory) -> None:
    assert attempts.list_attempts(tenant.tenant_id, code="NOSUCHCODE") == ([], None)
    assert tenant_keys.find_key(tenant.tenant_id, attempts.KEY_PURPOSE) is None


def test_two_tenants_have_different_hashes_of_a_code(
    tenant: TenantFactory, fail: Fail
) -> None:
    other_id = create_tenant().tenant_id
    fail()
    fail(tenant_id=other_id)
    attempt_flush.flush()
    rows = list_attempts(tenant.tenant_id, other_id)
    assert len({row.code_hash for row in rows}) == 2


def test_pages_follow_each_other(tenant: TenantFactory, fail: Fail) -> None:
    for number in range(5):
        at = NOW + timedelta(milliseconds=number)
        fail(f"CODE{number}", user_id=f"user-{number}", at=at)
    attempt_flush.flush()
    seen, cursor = [], None
    while True:
        page, cursor = attempts.list_attempts(tenant.tenant_id, limit=2, cursor=cursor)
        seen += [row.user_id for row in page]
        if cursor is None:
            break
    assert seen == [f"user-{number}" for number in reversed(range(5))]


def test_beyond_the_bounds_counts_stay_exact_and_details_are_dropped(
    tenant: TenantFactory, fail: Fail, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempt_buffer, "MAX_KEYS", 2)
    monkeypatch.setattr(attempt_buffer, "MAX_ATTEMPTS", 3)
    for number in (1, 2, 3, 4):
        attempt_buffer.count(build_outcome(tenant, number), 10)
    for _ in range(5):
        fail()
    collected = attempt_buffer.take()
    assert collected.dropped == 10 + 10 + 2
    attempt_buffer.put_back(collected)
    attempt_flush.flush()
    assert sum_refused(RefusalCountTable, tenant) == 45
    unknown = RefusalCountTable.select().where(
        RefusalCountTable.tenant_id == tenant.tenant_id,
        RefusalCountTable.definition_id == WHOLE_TENANT,
        RefusalCountTable.resolution == "quarter",
    )
    assert sorted(row.refused for row in unknown) == [5, 20]
    assert len(list_attempts(tenant.tenant_id)) == 3
    whole = ReportQuarterTable.get(
        ReportQuarterTable.tenant_id == tenant.tenant_id,
        ReportQuarterTable.definition_id == WHOLE_TENANT,
    )
    assert whole.refused == 45


def test_what_could_not_be_stored_is_stored_later_with_what_came_since(
    tenant: TenantFactory, fail: Fail
) -> None:
    fail()
    execute("ALTER TABLE attempt RENAME TO attempt_away", {})
    attempt_flush.OUTAGES.recover()
    with pytest.MonkeyPatch.context() as patch:
        # A missing table is not an outage, so it is declared to be one.
        patch.setattr(database, "UNAVAILABLE_ERRORS", (peewee.DatabaseError,))
        attempt_flush.flush()
    assert sum_refused(RefusalCountTable, tenant) == 0
    execute("ALTER TABLE attempt_away RENAME TO attempt", {})
    fail()
    attempt_flush.flush()
    assert sum_refused(RefusalCountTable, tenant) == 2
    assert len(list_attempts(tenant.tenant_id)) == 2
    attempt_flush.flush()
    assert len(list_attempts(tenant.tenant_id)) == 2


def test_a_failure_of_one_tenant_does_not_stop_the_others(
    tenant: TenantFactory, fail: Fail
) -> None:
    fail(user_id="bad\0id", tenant_id=tenant.tenant_id)
    other_id = create_tenant().tenant_id
    fail(tenant_id=other_id)
    attempt_flush.flush()
    assert len(attempts.list_attempts(other_id)[0]) == 1


@pytest.mark.parametrize("is_known", [True, False], ids=["deleted", "unknown"])
def test_nothing_is_stored_about_tenants_that_are_gone(
    tenant: TenantFactory, fail: Fail, is_known: bool
) -> None:
    if is_known:
        tenant_deletion.start(tenant.tenant_id, utc_now())
    tenant_id = tenant.tenant_id if is_known else "nobody"
    fail(tenant_id=tenant_id)
    attempt_flush.flush()
    assert list_attempts(tenant_id) == []
    assert attempt_buffer.take() == Collected()


def test_the_thread_stores_the_rest_when_it_is_stopped(
    tenant: TenantFactory, fail: Fail, monkeypatch: pytest.MonkeyPatch
) -> None:
    thread = FlushThread()
    thread.start()
    fail()
    monkeypatch.setattr(attempt_flush, "STOP_SECONDS", 60.0)
    thread.stop()
    assert len(list_attempts(tenant.tenant_id)) == 1


def test_processes_that_store_at_once_lose_nothing(
    tenant: TenantFactory, fail: Fail
) -> None:
    """Half of them store the same keys in the opposite order."""
    parts = []
    for number in range(PROCESS_COUNT):
        keys = range(KEY_COUNT)
        for key in keys if number % 2 else reversed(keys):
            attempt_buffer.count(build_outcome(tenant, key))
        fail(user_id=f"user-{number}")
        parts.append(attempt_buffer.take())
    tasks = [partial(attempts.store, tenant.tenant_id, part, NOW) for part in parts]
    assert run_concurrently(tasks) == [1] * PROCESS_COUNT
    expected = PROCESS_COUNT * (KEY_COUNT + 1)
    assert sum_refused(RefusalCountTable, tenant) == expected
    assert len(list_attempts(tenant.tenant_id)) == PROCESS_COUNT


def test_the_oldest_attempts_beyond_the_number_kept_are_deleted(
    tenant: TenantFactory, fail: Fail, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempts, "_max_attempts", 3)
    monkeypatch.setattr(attempt_flush, "ATTEMPTS_PER_PRUNING", 5)
    for number in range(4):
        fail(user_id=f"user-{number}", at=NOW + timedelta(milliseconds=number))
    attempt_flush.flush()
    assert len(list_attempts(tenant.tenant_id)) == 4
    fail(user_id="user-4", at=NOW + timedelta(seconds=1))
    attempt_flush.flush()
    rows, _ = attempts.list_attempts(tenant.tenant_id)
    assert [row.user_id for row in rows] == ["user-4", "user-3", "user-2"]
