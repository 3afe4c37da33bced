"""Without statistics, SQLite finds the few rows of a code or a user by their index."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from coupon_core.domain.models import CouponStatus, utc_now
from coupon_core.domain.models.filters import (
    CouponFilter,
    PageCursor,
    RedemptionFilter,
)
from coupon_core.persistence.database import execute
from coupon_core.persistence.repositories import inventory, redemption_records
from tests.factories.tenant import TenantFactory

on_sqlite = pytest.mark.parametrize("migrated_template", ["sqlite"], indirect=True)
AFTER = "018f0000-0000-7000-8000-000000000000"
LISTS: dict[str, tuple[Any, Callable[[str], object], str]] = {
    f"{name}{' after a key' if after else ''}": (module, read, index)
    for after in (None, AFTER)
    for name, module, read, index in (
        (
            "coupons of a code",
            inventory,
            lambda tenant_id, after=after: inventory.get_page(
                tenant_id, CouponFilter(code="A"), PageCursor(50, after), utc_now()
            ),
            "code_key=?",
        ),
        (
            "uses of a user",
            redemption_records,
            lambda tenant_id, after=after: redemption_records.list_records(
                tenant_id, RedemptionFilter(user_id="a", before_id=after and 7), 50
            ),
            "user_id=?",
        ),
        (
            "uses of a code",
            redemption_records,
            lambda tenant_id, after=after: redemption_records.list_records(
                tenant_id, RedemptionFilter(code="A", before_id=after and 7), 50
            ),
            "code_key=?",
        ),
    )
}


@on_sqlite
def test_a_filter_that_nearly_all_coupons_match_reads_few_of_them(
    tenant: TenantFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant.generate(tenant.define(), ["ann", "bob", "eve"])
    sent: list[str] = []

    def record(sql: str, parameters: Mapping[str, Any]) -> Any:
        sent.append(sql)
        return execute(sql, parameters)

    monkeypatch.setattr(inventory, "execute", record)
    active = CouponFilter(status=CouponStatus.ACTIVE)
    found, next_id = inventory.get_page(
        tenant.tenant_id, active, PageCursor(2), utc_now()
    )
    assert len(found) == 2
    assert next_id
    (sql,) = sent
    assert f"LIMIT {2 + inventory.FIRST_SCANNED_COUPONS})" in sql


@on_sqlite
@pytest.mark.parametrize("name", LISTS)
def test_a_list_of_few_rows_is_found_by_its_index(
    tenant: TenantFactory, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    module, read, index = LISTS[name]
    sent: list[tuple[str, Mapping[str, Any]]] = []

    def record(sql: str, parameters: Mapping[str, Any]) -> Any:
        sent.append((sql, parameters))
        return execute(sql, parameters)

    monkeypatch.setattr(module, "execute", record)
    read(tenant.tenant_id)
    assert sent
    for sql, parameters in sent:
        plan = execute(f"EXPLAIN QUERY PLAN {sql}", parameters).fetchall()
        steps = [step for *_, step in plan]
        assert any(index in step for step in steps), steps
