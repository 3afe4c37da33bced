"""Tests of the events that warn of exhausted and expiring definitions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest

from coupon_core.domain.models import Definition, utc_now
from coupon_core.domain.models.inventory import ImportRow
from coupon_core.persistence.database import execute, is_postgresql, transaction
from coupon_core.persistence.repositories import definition_notices
from coupon_core.services import batches
from coupon_core.services.batches import BatchRequest
from coupon_core.services.catalog import definition_warnings
from coupon_core.services.codes import csv_import
from coupon_core.services.points import reversals
from tests.factories.tenant import TenantFactory, create_tenant
from tests.support.concurrency import run_concurrently
from tests.support.definition_warnings import announce, list_warnings

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


def use_up_total(tenant: TenantFactory, user_id: str = "ann") -> Definition:
    definition = tenant.define(total_limit=1)
    tenant.redeem(tenant.issue_code(definition, user_id), user_id)
    return definition


def use_up_hot_total(tenant: TenantFactory) -> Definition:
    definition = tenant.define(per_code_limit=0, total_limit=20, hot=True)
    code = tenant.issue_code(definition)
    for _ in range(20):
        tenant.redeem(code)
    return definition


def use_up_codes(tenant: TenantFactory) -> Definition:
    definition = tenant.define()
    tenant.redeem(tenant.issue_unassigned_code(definition))
    return definition


@pytest.mark.parametrize(
    ("use_up", "cause"),
    [
        (use_up_total, "total_limit"),
        (use_up_hot_total, "total_limit"),
        (use_up_codes, "unassigned_codes"),
    ],
)
def test_an_exhaustion_is_announced_once(
    tenant: TenantFactory, use_up: Callable[[TenantFactory], Definition], cause: str
) -> None:
    definition = use_up(tenant)
    assert [announce(tenant), announce(tenant)] == [1, 0]
    assert list_warnings(tenant, "exhausted") == [
        {
            "definition_id": definition.definition_id,
            "name": definition.name,
            "campaign_id": None,
            "total_limit": definition.total_limit or None,
            "expires_at": None,
            "cause": cause,
        }
    ]


def test_of_concurrent_sweeps_one_announces(tenant: TenantFactory) -> None:
    use_up_total(tenant)
    tenant.define(expires_at=utc_now() + HOUR)
    run_concurrently([partial(announce, tenant)] * 6)
    for name in ("exhausted", "expiring"):
        assert len(list_warnings(tenant, name)) == 1


def test_a_sweep_that_was_overtaken_announces_nothing(tenant: TenantFactory) -> None:
    exhausted = use_up_total(tenant)
    expiring = tenant.define(expires_at=utc_now() + HOUR)
    for _ in range(2):
        for announce_one, definition in (
            (definition_warnings._announce_exhaustion, exhausted),
            (definition_warnings._announce_expiry, expiring),
        ):
            announce_one(tenant.tenant_id, definition.definition_id, utc_now())
    for name in ("exhausted", "expiring"):
        assert len(list_warnings(tenant, name)) == 1


def test_imported_codes_can_run_out(tenant: TenantFactory) -> None:
    definition = tenant.define()
    csv_import.import_codes(
        tenant.tenant_id,
        definition.definition_id,
        [
            ImportRow(2, "WARN-1", user_id="ann", expires_at=None),
            ImportRow(3, "WARN-2", user_id="", expires_at=None),
        ],
        partial=False,
        actor="test",
        clock=utc_now,
    )
    assert announce(tenant) == 0
    tenant.redeem("WARN-2")
    assert announce(tenant) == 1


def test_what_is_not_used_up_is_not_announced(tenant: TenantFactory) -> None:
    tenant.issue_unassigned_code(tenant.define())
    tenant.redeem(tenant.issue_code(tenant.define(total_limit=2)))
    tenant.redeem(tenant.issue_code(tenant.define(total_limit=1_000)))
    tenant.redeem(tenant.issue_code(tenant.define()))  # never had unassigned codes
    assert announce(tenant) == 0


def test_an_exhaustion_that_ended_and_came_again_is_announced_again(
    tenant: TenantFactory,
) -> None:
    definition = use_up_total(tenant)
    announce(tenant)
    tenant.change(definition, total_limit=2)
    announce(tenant)
    assert len(list_warnings(tenant, "exhausted")) == 1
    tenant.redeem(tenant.issue_code(definition, "bob"), "bob")
    announce(tenant)
    assert len(list_warnings(tenant, "exhausted")) == 2


def test_codes_that_come_again_end_an_exhaustion(tenant: TenantFactory) -> None:
    definition = use_up_codes(tenant)
    for count in (1, 2):
        announce(tenant)
        assert len(list_warnings(tenant, "exhausted")) == count
        code = tenant.issue_unassigned_code(definition)
        announce(tenant)
        tenant.redeem(code, "bob")


def test_a_use_that_is_given_back_ends_an_exhaustion(tenant: TenantFactory) -> None:
    definition = use_up_total(tenant)
    announce(tenant)
    (redemption_id,) = execute(
        "SELECT redemption_id FROM redemption WHERE tenant_id = :tenant_id",
        {"tenant_id": tenant.tenant_id},
    ).fetchone()
    reversals.reverse(tenant.tenant_id, redemption_id, "", utc_now())
    announce(tenant)
    tenant.redeem(tenant.issue_code(definition, "bob"), "bob")
    announce(tenant)
    assert len(list_warnings(tenant, "exhausted")) == 2


def test_expired_codes_are_not_available(tenant: TenantFactory) -> None:
    definition = tenant.define()
    tenant.issue_coupon(definition, "", expires_at=utc_now() + HOUR)
    assert announce(tenant) == 0
    assert announce(tenant, utc_now() + 2 * HOUR) == 1
    (warning,) = list_warnings(tenant, "exhausted")
    assert warning["cause"] == "unassigned_codes"


def test_revoked_codes_are_not_available(tenant: TenantFactory) -> None:
    tenant.revoke(tenant.create_unassigned_code())
    assert announce(tenant) == 1


def test_codes_that_a_batch_generates_are_awaited(tenant: TenantFactory) -> None:
    definition = use_up_codes(tenant)
    request = BatchRequest(2_000)
    batch = batches.request(
        tenant.tenant_id, definition.definition_id, request, utc_now()
    )
    assert announce(tenant) == 0
    batches.cancel(tenant.tenant_id, batch.batch_id, utc_now())
    assert announce(tenant) == 1


def test_archived_and_expired_definitions_are_not_announced(
    tenant: TenantFactory,
) -> None:
    tenant.archive(use_up_total(tenant))
    tenant.change(use_up_codes(tenant), expires_at=utc_now() + MINUTE)
    assert announce(tenant, utc_now() + HOUR) == 0


def test_other_tenants_are_left_alone(tenant: TenantFactory) -> None:
    use_up_total(create_tenant())
    assert announce(tenant) == 0


def test_codes_are_counted_by_the_index_of_available_codes(
    tenant: TenantFactory,
) -> None:
    definition = tenant.define()
    parameters = {
        "tenant_id": definition.tenant_id,
        "definition_id": definition.definition_id,
        "limit": 10,
        "now": "2026-05-04T12:00:00.000Z",
    }
    explain = "EXPLAIN" if is_postgresql() else "EXPLAIN QUERY PLAN"
    sql = f"{explain} {definition_notices.COUNT_AVAILABLE}"
    with transaction():
        if is_postgresql():
            execute("SET LOCAL enable_seqscan = off", {})
        plan = execute(sql, parameters).fetchall()
    assert str(plan).count("coupon_available") == 2
