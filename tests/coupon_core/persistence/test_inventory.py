"""Pages of the stock go along an index, whatever they are chosen by."""

from __future__ import annotations

from typing import Any

import pytest

from coupon_core.domain.models.filters import CouponFilter, PageCursor
from coupon_core.persistence import database
from coupon_core.persistence.repositories import inventory
from coupon_core.persistence.repositories.coupons import to_filter_parameters
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
    """Coupons enough for a planner to think; gives what to choose a few of them by."""
    found = {}
    for _ in range(4):
        definition = tenant.define()
        users = [f"user-{number}" for number in range(1_000)]
        wanted = BatchRequest(len(users), users)
        batch = batches.request(tenant.tenant_id, definition.definition_id, wanted, NOW)
        for number in range(1, batch.chunk_count + 1):
            batches.generate_chunk((tenant.tenant_id, batch.batch_id, number), NOW)
        found = {
            "user_id": "user-7",
            "batch_id": batch.batch_id,
            "definition_id": definition.definition_id,
        }
    tenant.issue_code(definition, "somebody")
    return {**found, "code": tenant.issue_code(definition, "somebody")}


def plan(tenant: TenantFactory, which: CouponFilter) -> str:
    """How the database would look for a page."""
    place = PageCursor(20, "ffffffff-ffff-7fff-bfff-ffffffffffff")
    sql = inventory.build_page_sql(inventory.SELECT_STOCKED_COUPONS, which, place)
    explain = "EXPLAIN" if database.is_postgresql() else "EXPLAIN QUERY PLAN"
    more = {"after_id": place.after_id, "limit": 21}
    parameters = to_filter_parameters(tenant.tenant_id, which, NOW) | more
    rows = database.execute(f"{explain} {sql}", parameters).fetchall()
    return "\n".join(str(row[-1]) for row in rows)


@pytest.mark.parametrize("migrated_template", ["sqlite", "postgresql"], indirect=True)
def test_every_page_goes_along_the_index_of_what_it_is_chosen_by(
    tenant: TenantFactory,
) -> None:
    known = stocked(tenant)
    database_proxy.execute_sql("ANALYZE coupon")
    for name, indexes in INDEXES.items():
        which = CouponFilter(**({name: known[name]} if name else {}))
        told = plan(tenant, which)
        assert any(index in told for index in indexes), (name, told)
        assert "Seq Scan on coupon" not in told, (name, told)
