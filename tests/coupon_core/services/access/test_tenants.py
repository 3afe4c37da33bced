"""Tests of tenants, the rotation of their secrets, and the scopes of API keys."""

from __future__ import annotations

from functools import partial

import pytest

from coupon_core.domain.models import (
    AdminReason,
    Page,
    Principal,
    Scope,
)
from coupon_core.persistence.repositories import tenants as tenant_repository
from coupon_core.services.access import tenants
from coupon_core.services.access.tenants import RESERVED_TENANT_IDS
from tests.factories.tenant import NOW, TenantFactory, create_tenant
from tests.support.concurrency import run_concurrently
from tests.support.databases import on_sqlite
from tests.support.invariants import fetch_rows
from tests.support.refusals import capture_refusal

UNKNOWN_ID = "018f0000-0000-7000-8000-000000000000"


def list_secret_values(tenant: TenantFactory) -> list[str]:
    return [secret.secret for secret in tenants.list_secrets(tenant.tenant_id)]


@on_sqlite
@pytest.mark.parametrize("name", sorted(RESERVED_TENANT_IDS))
def test_words_of_the_paths_are_no_tenants(tenant: TenantFactory, name: str) -> None:
    for spelling in (name, name.upper()):
        reason = capture_refusal(tenants.create, spelling, NOW)
        assert reason == AdminReason.TENANT_ID_RESERVED


def test_a_tenant_is_made_once(tenant: TenantFactory) -> None:
    before = list_secret_values(tenant)
    reason = capture_refusal(tenants.create, tenant.tenant_id, NOW)
    assert reason == AdminReason.TENANT_EXISTS
    assert list_secret_values(tenant) == before


def test_of_many_who_make_a_tenant_one_succeeds(tenant: TenantFactory) -> None:
    tenant_id = f"{tenant.tenant_id}-new"
    outcomes = run_concurrently([partial(tenants.create, tenant_id, NOW)] * 8)
    assert outcomes.count(AdminReason.TENANT_EXISTS) == 7
    assert len(tenants.list_secrets(tenant_id)) == 1


def test_no_secret_is_stored_in_the_clear(tenant: TenantFactory) -> None:
    stored = repr(
        fetch_rows("SELECT * FROM tenant_secret") + fetch_rows("SELECT * FROM api_key")
    )
    assert tenant.secret not in stored
    assert tenant.api_key not in stored


def test_two_secrets_are_active_at_most(tenant: TenantFactory) -> None:
    rotated = [tenants.rotate_secret(tenant.tenant_id, NOW).secret for _ in range(3)]
    assert list_secret_values(tenant) == rotated[:0:-1]


def test_many_rotations_at_once_leave_two_secrets(tenant: TenantFactory) -> None:
    outcomes = run_concurrently(
        [partial(tenants.rotate_secret, tenant.tenant_id, NOW)] * 12
    )
    rotated = {secret.secret for secret in outcomes}
    assert len(rotated) == 12
    assert len(list_secret_values(tenant)) == 2
    assert set(list_secret_values(tenant)) < rotated


def test_a_rotation_by_a_slow_clock_keeps_what_it_made(
    tenant: TenantFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenants.rotate_secret(tenant.tenant_id, NOW)
    monkeypatch.setattr(tenants, "generate_id", lambda: UNKNOWN_ID)
    assert tenants.rotate_secret(tenant.tenant_id, NOW).secret in list_secret_values(
        tenant
    )


def test_the_last_secret_stays(tenant: TenantFactory) -> None:
    [only] = tenants.list_secrets(tenant.tenant_id)
    retire = partial(tenants.retire_secret, tenant.tenant_id)
    assert capture_refusal(retire, only.secret_id) == AdminReason.LAST_SECRET
    assert capture_refusal(retire, UNKNOWN_ID) == AdminReason.SECRET_NOT_FOUND


def test_two_who_retire_the_last_two_secrets_at_once_leave_one(
    tenant: TenantFactory,
) -> None:
    tenants.rotate_secret(tenant.tenant_id, NOW)
    secret_ids = [secret.secret_id for secret in tenants.list_secrets(tenant.tenant_id)]
    outcomes = run_concurrently(
        [
            partial(tenants.retire_secret, tenant.tenant_id, secret_id)
            for secret_id in secret_ids
        ]
    )
    assert outcomes.count(AdminReason.LAST_SECRET) == 1
    assert len(list_secret_values(tenant)) == 1


@pytest.mark.usefixtures("core")
def test_an_unknown_tenant_has_no_secrets_and_gets_none() -> None:
    reason = capture_refusal(tenants.rotate_secret, "nobody", NOW)
    assert reason == AdminReason.TENANT_NOT_FOUND
    assert tenants.list_secrets("nobody") == []


def test_a_key_makes_no_key_with_more_than_its_own_scopes(
    tenant: TenantFactory,
) -> None:
    own = Principal(tenant.tenant_id, scopes=frozenset({Scope.KEYS, Scope.READ}))
    create_key = partial(tenants.create_key, own, tenant.tenant_id, "new")
    reason = capture_refusal(create_key, {Scope.READ, Scope.COUPONS}, None, NOW)
    assert reason == AdminReason.SCOPE_TOO_WIDE
    key, _ = create_key({Scope.READ}, None, NOW)
    assert tenants.get_key(tenant.tenant_id, key.key_id) == key


def test_another_tenants_key_is_unknown(tenant: TenantFactory) -> None:
    other = create_tenant().tenant_id
    for action in (tenants.get_key, partial(tenants.revoke_key, now=NOW)):
        assert (
            capture_refusal(action, other, tenant.key_id)
            == AdminReason.API_KEY_NOT_FOUND
        )
    assert tenants.get_key(tenant.tenant_id, tenant.key_id).revoked_at is None


def test_revoking_a_key_again_keeps_the_first_time(tenant: TenantFactory) -> None:
    first = tenants.revoke_key(tenant.tenant_id, tenant.key_id, NOW)
    later = NOW.replace(year=2027)
    assert tenants.revoke_key(tenant.tenant_id, tenant.key_id, later) == first


def test_keys_are_listed_without_their_secrets(tenant: TenantFactory) -> None:
    found, total = tenants.list_keys(tenant.tenant_id, Page())
    assert total == 1
    assert tenant.api_key not in repr(found)


def test_an_erased_tenant_leaves_no_row_but_what_was_done(
    tenant: TenantFactory,
) -> None:
    tenant.redeem(tenant.issue_code(tenant.define()))
    tenants.erase(tenant.tenant_id)
    for table in tenant_repository.ALL_TABLES:
        name = table._meta.table_name
        if "tenant_id" not in table._meta.fields:
            continue  # operators, who can work for other tenants
        left = f"SELECT count(*) FROM {name} WHERE tenant_id = '{tenant.tenant_id}'"
        assert bool(fetch_rows(left)[0][0]) == (name == "audit_entry")
