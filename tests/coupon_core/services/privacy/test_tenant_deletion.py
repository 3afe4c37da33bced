"""Tests of the deletion of a tenant as a job that any process continues."""

from __future__ import annotations

import pytest

from coupon_core.domain.models import (
    AdminReason,
    AuthReason,
    Page,
    Refused,
    utc_now,
)
from coupon_core.domain.models.audit import AuditFilter
from coupon_core.persistence.repositories import tenant_deletions
from coupon_core.security.authentication import authenticate_admin
from coupon_core.services import audit
from coupon_core.services.access import tenants
from coupon_core.services.privacy import tenant_deletion
from coupon_core.settings.loader import Settings
from tests.factories.campaigns import CampaignFactory
from tests.factories.tenant import TenantFactory, create_tenant


@pytest.fixture
def busy_tenant(tenant: TenantFactory) -> TenantFactory:
    CampaignFactory(tenant).create_redeemable_code()
    for user_id in "ann", "bob":
        tenant.redeem(tenant.create_code(user_id), user_id)
    return tenant


def finish(tenant: TenantFactory) -> int:
    count = 0
    while deleted := tenant_deletion.continue_deletion(tenant.tenant_id):
        count += deleted
    return count


def list_actions(tenant: TenantFactory) -> list[str]:
    entries, _ = audit.list_entries(tenant.tenant_id, AuditFilter(), Page())
    return [entry.action for entry in entries]


def test_everything_is_deleted_in_steps_except_the_audit_log(
    busy_tenant: TenantFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tenant_deletion, "MAX_ROWS_PER_TRANSACTION", 1)
    expected = tenant_deletion.count_rows(busy_tenant.tenant_id)
    credentials = sum(
        expected[name] for name in tenant_deletions.CREDENTIAL_TABLES[::2]
    )
    tenant_deletion.start(busy_tenant.tenant_id, utc_now())
    assert tenant_deletion.list_unfinished() == [busy_tenant.tenant_id]
    # The row of the tenant itself is deleted by the last step, which counts no rows.
    assert finish(busy_tenant) == sum(expected.values()) - credentials - 1
    assert tenant_deletion.list_unfinished() == []
    assert tenant_deletions.count_rows(busy_tenant.tenant_id) == {}
    assert list_actions(busy_tenant)[:2] == ["tenant.erased", "tenant.deletion_started"]


def test_the_credentials_are_invalid_at_once(busy_tenant: TenantFactory) -> None:
    tenant_deletion.start(busy_tenant.tenant_id, utc_now())
    with pytest.raises(Refused) as refused:
        authenticate_admin(busy_tenant.api_key, None, now=utc_now())
    assert refused.value.reason == AuthReason.BAD_API_KEY


def test_starting_again_changes_nothing(busy_tenant: TenantFactory) -> None:
    for _ in range(2):
        tenant_deletion.start(busy_tenant.tenant_id, utc_now())
    assert list_actions(busy_tenant).count("tenant.deletion_started") == 1
    finish(busy_tenant)
    assert tenant_deletion.continue_deletion(busy_tenant.tenant_id) == 0
    assert list_actions(busy_tenant).count("tenant.erased") == 1


def test_other_tenants_are_left_alone(busy_tenant: TenantFactory) -> None:
    other = create_tenant("other")
    other.create_code()
    before = tenant_deletion.count_rows(other.tenant_id)
    tenant_deletion.start(busy_tenant.tenant_id, utc_now())
    finish(busy_tenant)
    assert tenant_deletion.count_rows(other.tenant_id) == before


def test_the_id_can_be_used_again_only_when_all_is_deleted(
    busy_tenant: TenantFactory,
) -> None:
    tenant_deletion.start(busy_tenant.tenant_id, utc_now())
    with pytest.raises(Refused) as refused:
        tenants.create(busy_tenant.tenant_id, utc_now())
    assert refused.value.reason == AdminReason.TENANT_EXISTS
    finish(busy_tenant)
    tenants.create(busy_tenant.tenant_id, utc_now())


def test_an_unknown_tenant_is_refused(core: Settings) -> None:
    with pytest.raises(Refused) as refused:
        tenant_deletion.start("nobody", utc_now())
    assert refused.value.reason == AdminReason.TENANT_NOT_FOUND
