"""Tests that every page of the inventory uses an index."""

from __future__ import annotations

from typing import Any

import pytest

from coupon_core.domain.models.filters import CouponFilter, PageCursor
from coupon_core.persistence import database
from coupon_core.persistence.repositories import inventory
from coupon_core.persistence.repositories.coupon_filters import to_filter_parameters
from coupon_core.persistence.tables import database_proxy
from coupon_core.services import batches
from coupon_core.services.batches import BatchRequest
from tests.factories.tenant import NOW, TenantFactory

INDEXES: dict[str, tuple[str, ...]] = {
    "code": ("coupon_tenant_id_code_key_code_scope_copy_number",),
    "user_id": ("coupon_of_user",),
    "batch_id": ("coupon_of_batch",),
    "definition_id": ("coupon_tenant_id_definition_id_coupon_id",),
    "": ("coupon_pkey", "sqlite_autoindex_coupon_1", "PRIMARY KEY"),
}


def stocked(tenant: TenantFactory) -> dict[str, Any]:
    """Create enough coupons to matter to the planner; return values for filters."""
    filter_values: dict[str, str] = {}
    for _ in range(4):
        definition = tenant.define()
        users = [f"user-{number}" for number in range(1_000)]
        batch = batches.request(
            tenant.tenant_id,
            definition.definition_id,
            BatchRequest(len(users), users),
            now=NOW,
        )
        for number in range(1, batch.chunk_count + 1):
            batches.generate_chunk((tenant.tenant_id, batch.batch_id, number), NOW)
        filter_values = {
            "user_id": "user-7",
            "batch_id": batch.batch_id,
            "definition_id": definition.definition_id,
        }
    tenant.issue_code(definition, "somebody")
    return {**filter_values, "code": tenant.issue_code(definition, "somebody")}


def plan(tenant: TenantFactory, filters: CouponFilter) -> str:
    """Return the query plan of a page."""
    cursor = PageCursor(20, "ffffffff-ffff-7fff-bfff-ffffffffffff")
    sql = inventory.build_page_sql(
        inventory.SELECT_STOCKED_COUPONS, filters, cursor=cursor
    )
    explain = "EXPLAIN" if database.is_postgresql() else "EXPLAIN QUERY PLAN"
    parameters = to_filter_parameters(tenant.tenant_id, filters, now=NOW)
    parameters |= {"after_id": cursor.after_id, "limit": 21}
    rows = database.execute(f"{explain} {sql}", parameters).fetchall()
    return "\n".join(str(row[-1]) for row in rows)


@pytest.mark.parametrize("migrated_template", ["sqlite", "postgresql"], indirect=True)
def test_every_page_goes_along_the_index_of_what_it_is_chosen_by(
    tenant: TenantFactory,
) -> None:
    filter_values = stocked(tenant)
    database_proxy.execute_sql("ANALYZE coupon")
    for name, indexes in INDEXES.items():
        filters = CouponFilter(**({name: filter_values[name]} if name else {}))
        query_plan = plan(tenant, filters)
        assert any(index in query_plan for index in indexes), (name, query_plan)
        assert "Seq Scan on coupon" not in query_plan, (name, query_plan)
