"""Tests of client keys: authentication, refusals and revocation."""

from __future__ import annotations

from datetime import timedelta

import pytest

from coupon_core.domain.models import AuthReason, Page
from coupon_core.domain.models.client_keys import (
    PLAYCAMP_KINDS,
    ClientKey,
    ClientKeyKind,
)
from coupon_core.security import authentication
from coupon_core.services.access import client_keys
from tests.factories.tenant import NOW, TenantFactory, create_tenant
from tests.support.invariants import fetch_rows
from tests.support.refusals import capture_refusal

SERVER, MAMBO = ClientKeyKind.PLAYCAMP_SERVER, ClientKeyKind.MAMBO


def create_key(
    tenant: TenantFactory, kind: ClientKeyKind = SERVER
) -> tuple[ClientKey, str]:
    return client_keys.create(tenant.tenant_id, kind, "game server", None, NOW)


@pytest.mark.parametrize("kind", ClientKeyKind)
def test_a_key_lets_its_tenant_in(tenant: TenantFactory, kind: ClientKeyKind) -> None:
    key, secret = create_key(tenant, kind)
    found = authentication.authenticate_client_key(
        f"{key.key_id}:{secret}", {kind}, NOW
    )
    assert found == key
    assert found.tenant_id == tenant.tenant_id


def test_the_kind_is_told_by_the_id(tenant: TenantFactory) -> None:
    assert create_key(tenant)[0].key_id.startswith("ak_server_")
    client, _ = create_key(tenant, ClientKeyKind.PLAYCAMP_CLIENT)
    assert client.key_id.startswith("ak_client_")


def test_no_secret_is_stored_in_the_clear(tenant: TenantFactory) -> None:
    _, secret = create_key(tenant)
    assert secret not in repr(fetch_rows("SELECT * FROM client_key"))


def test_what_a_key_signed_can_be_verified(tenant: TenantFactory) -> None:
    key, secret = create_key(tenant, MAMBO)
    found = authentication.load_client_key_and_secret(key.key_id, {MAMBO}, NOW)
    assert found == (key, secret)


MALFORMED = ("{id}", "{id}:", ":{secret}", ":", "{id}:{secret}x", "x{id}:{secret}")
MALFORMED += ("{secret}:{id}", "{id}\x00:{secret}", "é:{secret}", "{id}: {secret}")


@pytest.mark.parametrize("form", MALFORMED)
def test_half_a_key_is_none(tenant: TenantFactory, form: str) -> None:
    key, secret = create_key(tenant)
    credential = form.format(id=key.key_id, secret=secret)
    reason = capture_refusal(
        authentication.authenticate_client_key, credential, {SERVER}, NOW
    )
    assert reason == AuthReason.BAD_CLIENT_KEY


def test_a_missing_credential_is_told_as_that(tenant: TenantFactory) -> None:
    for nothing in (None, ""):
        reason = capture_refusal(
            authentication.authenticate_client_key, nothing, {SERVER}, NOW
        )
        assert reason == AuthReason.NO_CREDENTIALS


def test_one_keys_secret_does_not_open_another(tenant: TenantFactory) -> None:
    (key, _), (_, secret) = create_key(tenant), create_key(create_tenant())
    credential = f"{key.key_id}:{secret}"
    reason = capture_refusal(
        authentication.authenticate_client_key, credential, {SERVER}, NOW
    )
    assert reason == AuthReason.BAD_CLIENT_KEY


def test_another_systems_key_is_refused(tenant: TenantFactory) -> None:
    key, secret = create_key(tenant, MAMBO)
    credential = f"{key.key_id}:{secret}"
    reason = capture_refusal(
        authentication.authenticate_client_key, credential, PLAYCAMP_KINDS, NOW
    )
    assert reason == AuthReason.BAD_CLIENT_KEY


def test_a_revoked_key_is_worthless_at_once(tenant: TenantFactory) -> None:
    key, secret = create_key(tenant)
    revoked = client_keys.revoke(tenant.tenant_id, key.key_id, NOW)
    later = NOW + timedelta(days=1)
    assert client_keys.revoke(tenant.tenant_id, key.key_id, later) == revoked
    credential = f"{key.key_id}:{secret}"
    reason = capture_refusal(
        authentication.authenticate_client_key, credential, {SERVER}, NOW
    )
    assert reason == AuthReason.BAD_CLIENT_KEY
    reason = capture_refusal(
        authentication.load_client_key_and_secret, key.key_id, {SERVER}, NOW
    )
    assert reason == AuthReason.BAD_CLIENT_KEY


def test_a_key_ends_at_its_time(tenant: TenantFactory) -> None:
    key, secret = client_keys.create(
        tenant.tenant_id,
        SERVER,
        name="short",
        expires_at=NOW + timedelta(hours=1),
        now=NOW,
    )
    credential = f"{key.key_id}:{secret}"
    authenticated = authentication.authenticate_client_key(
        credential, {SERVER}, NOW + timedelta(hours=1)
    )
    assert authenticated == key
    after = NOW + timedelta(hours=1, milliseconds=1)
    reason = capture_refusal(
        authentication.authenticate_client_key, credential, {SERVER}, after
    )
    assert reason == AuthReason.BAD_CLIENT_KEY


def test_keys_are_listed_by_kind(tenant: TenantFactory) -> None:
    create_key(tenant)
    mambo_key, _ = create_key(tenant, MAMBO)
    assert client_keys.list_client_keys(tenant.tenant_id, Page(), MAMBO) == (
        [mambo_key],
        1,
    )
    assert client_keys.list_client_keys(tenant.tenant_id, Page())[1] == 2
