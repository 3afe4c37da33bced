"""Tenants, the turnover of their secrets, and who may make which keys."""

from __future__ import annotations

from functools import partial

import pytest

from coupon_core.domain.models import (
    AdminReason,
    Page,
    Principal,
    Scope,
)
from coupon_core.persistence.repositories import tenants as store
from coupon_core.services.access import tenants
from coupon_core.services.access.tenants import RESERVED_IDS
from tests.cores import at_once
from tests.invariants import rows
from tests.shop import NOW, Shop, new_shop, refusal

UNKNOWN = "018f0000-0000-7000-8000-000000000000"


def secrets_of(shop: Shop) -> list[str]:
    return [one.secret for one in tenants.list_secrets(shop.tenant_id)]


@pytest.mark.parametrize("name", sorted(RESERVED_IDS))
def test_words_of_the_paths_are_no_tenants(shop: Shop, name: str) -> None:
    for spelling in (name, name.upper()):
        reason = refusal(tenants.create, spelling, NOW)
        assert reason == AdminReason.TENANT_ID_RESERVED


def test_a_tenant_is_made_once(shop: Shop) -> None:
    before = secrets_of(shop)
    reason = refusal(tenants.create, shop.tenant_id, NOW)
    assert reason == AdminReason.TENANT_EXISTS
    assert secrets_of(shop) == before


def test_of_many_who_make_a_tenant_one_succeeds(shop: Shop) -> None:
    tenant_id = f"{shop.tenant_id}-new"
    outcomes = at_once([partial(tenants.create, tenant_id, NOW)] * 8)
    assert outcomes.count(AdminReason.TENANT_EXISTS) == 7
    assert len(tenants.list_secrets(tenant_id)) == 1


def test_no_secret_is_stored_in_the_clear(shop: Shop) -> None:
    stored = repr(rows("SELECT * FROM tenant_secret") + rows("SELECT * FROM api_key"))
    assert shop.secret not in stored
    assert shop.api_key not in stored


def test_two_secrets_are_active_at_most(shop: Shop) -> None:
    made = [tenants.rotate_secret(shop.tenant_id, NOW).secret for _ in range(3)]
    assert secrets_of(shop) == made[:0:-1]


def test_many_rotations_at_once_leave_two_secrets(shop: Shop) -> None:
    outcomes = at_once([partial(tenants.rotate_secret, shop.tenant_id, NOW)] * 12)
    made = {one.secret for one in outcomes}
    assert len(made) == 12
    assert len(secrets_of(shop)) == 2
    assert set(secrets_of(shop)) < made


def test_a_rotation_by_a_slow_clock_keeps_what_it_made(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenants.rotate_secret(shop.tenant_id, NOW)
    monkeypatch.setattr(tenants, "new_id", lambda: UNKNOWN)
    assert tenants.rotate_secret(shop.tenant_id, NOW).secret in secrets_of(shop)


def test_the_last_secret_stays(shop: Shop) -> None:
    [only] = tenants.list_secrets(shop.tenant_id)
    retire = partial(tenants.retire_secret, shop.tenant_id)
    assert refusal(retire, only.secret_id) == AdminReason.LAST_SECRET
    assert refusal(retire, UNKNOWN) == AdminReason.SECRET_NOT_FOUND


def test_two_who_retire_the_last_two_secrets_at_once_leave_one(shop: Shop) -> None:
    tenants.rotate_secret(shop.tenant_id, NOW)
    both = [one.secret_id for one in tenants.list_secrets(shop.tenant_id)]
    outcomes = at_once(
        [partial(tenants.retire_secret, shop.tenant_id, one) for one in both]
    )
    assert outcomes.count(AdminReason.LAST_SECRET) == 1
    assert len(secrets_of(shop)) == 1


@pytest.mark.usefixtures("core")
def test_an_unknown_tenant_has_no_secrets_and_gets_none() -> None:
    reason = refusal(tenants.rotate_secret, "nobody", NOW)
    assert reason == AdminReason.TENANT_NOT_FOUND
    assert tenants.list_secrets("nobody") == []


def test_a_key_makes_no_key_with_more_than_its_own_scopes(shop: Shop) -> None:
    own = Principal(shop.tenant_id, scopes=frozenset({Scope.KEYS, Scope.READ}))
    make = partial(tenants.create_key, own, shop.tenant_id, "new")
    reason = refusal(make, {Scope.READ, Scope.COUPONS}, None, NOW)
    assert reason == AdminReason.SCOPE_TOO_WIDE
    key, _ = make({Scope.READ}, None, NOW)
    assert tenants.get_key(shop.tenant_id, key.key_id) == key


def test_another_tenants_key_is_unknown(shop: Shop) -> None:
    other = new_shop().tenant_id
    for action in (tenants.get_key, partial(tenants.revoke_key, now=NOW)):
        assert refusal(action, other, shop.key_id) == AdminReason.API_KEY_NOT_FOUND
    assert tenants.get_key(shop.tenant_id, shop.key_id).revoked_at is None


def test_revoking_a_key_again_keeps_the_first_time(shop: Shop) -> None:
    first = tenants.revoke_key(shop.tenant_id, shop.key_id, NOW)
    later = NOW.replace(year=2027)
    assert tenants.revoke_key(shop.tenant_id, shop.key_id, later) == first


def test_keys_are_listed_without_their_secrets(shop: Shop) -> None:
    found, total = tenants.keys(shop.tenant_id, Page())
    assert total == 1
    assert shop.api_key not in repr(found)


def test_an_erased_tenant_leaves_no_row_but_what_was_done(shop: Shop) -> None:
    shop.redeem(shop.give(shop.define()))
    tenants.erase(shop.tenant_id)
    for table in store.ALL:
        name = table._meta.table_name
        left = f"SELECT count(*) FROM {name} WHERE tenant_id = '{shop.tenant_id}'"
        assert bool(rows(left)[0][0]) == (name == "audit_entry")
