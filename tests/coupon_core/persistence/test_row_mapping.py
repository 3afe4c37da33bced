"""Tests that coupons share the value of a definition only while its row is the same."""

from __future__ import annotations

from coupon_core.persistence.repositories import code_lookup
from tests.factories.tenant import TenantFactory


def test_coupons_share_a_definition_until_it_changes(tenant: TenantFactory) -> None:
    definition = tenant.define(per_code_limit=3)
    codes = [tenant.issue_code(definition, user_id) for user_id in ("ann", "bob")]

    def find(code: str, user_id: str) -> object:
        (issued,) = code_lookup.find_for_user(tenant.tenant_id, code, user_id)
        return issued.definition

    before = find(codes[0], "ann")
    assert find(codes[1], "bob") is before
    tenant.pause(definition)
    after = find(codes[0], "ann")
    assert after == tenant.reload_definition(definition)
    assert after != before
