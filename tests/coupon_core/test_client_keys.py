"""Keys of other systems' SDKs: who they let in, and what they are refused for."""

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
from tests.invariants import rows
from tests.shop import NOW, Shop, new_shop, refusal

SERVER, MAMBO = ClientKeyKind.PLAYCAMP_SERVER, ClientKeyKind.MAMBO


def new_key(shop: Shop, kind: ClientKeyKind = SERVER) -> tuple[ClientKey, str]:
    return client_keys.create(shop.tenant_id, kind, "game server", None, NOW)


@pytest.mark.parametrize("kind", ClientKeyKind)
def test_a_key_lets_its_tenant_in(shop: Shop, kind: ClientKeyKind) -> None:
    key, secret = new_key(shop, kind)
    found = authentication.client_key_of(f"{key.key_id}:{secret}", {kind}, NOW)
    assert found == key
    assert found.tenant_id == shop.tenant_id


def test_the_kind_is_told_by_the_id(shop: Shop) -> None:
    assert new_key(shop)[0].key_id.startswith("ak_server_")
    client, _ = new_key(shop, ClientKeyKind.PLAYCAMP_CLIENT)
    assert client.key_id.startswith("ak_client_")


def test_no_secret_is_stored_in_the_clear(shop: Shop) -> None:
    _, secret = new_key(shop)
    assert secret not in repr(rows("SELECT * FROM client_key"))


def test_what_a_key_signed_can_be_verified(shop: Shop) -> None:
    key, secret = new_key(shop, MAMBO)
    found = authentication.client_key_and_secret(key.key_id, {MAMBO}, NOW)
    assert found == (key, secret)


MALFORMED = ("{id}", "{id}:", ":{secret}", ":", "{id}:{secret}x", "x{id}:{secret}")
MALFORMED += ("{secret}:{id}", "{id}\x00:{secret}", "é:{secret}", "{id}: {secret}")


@pytest.mark.parametrize("form", MALFORMED)
def test_half_a_key_is_none(shop: Shop, form: str) -> None:
    key, secret = new_key(shop)
    credential = form.format(id=key.key_id, secret=secret)
    reason = refusal(authentication.client_key_of, credential, {SERVER}, NOW)
    assert reason == AuthReason.BAD_CLIENT_KEY


def test_a_missing_credential_is_told_as_that(shop: Shop) -> None:
    for nothing in (None, ""):
        reason = refusal(authentication.client_key_of, nothing, {SERVER}, NOW)
        assert reason == AuthReason.NO_CREDENTIALS


def test_one_keys_secret_does_not_open_another(shop: Shop) -> None:
    (one, _), (_, secret) = new_key(shop), new_key(new_shop())
    credential = f"{one.key_id}:{secret}"
    reason = refusal(authentication.client_key_of, credential, {SERVER}, NOW)
    assert reason == AuthReason.BAD_CLIENT_KEY


def test_another_systems_key_is_refused(shop: Shop) -> None:
    key, secret = new_key(shop, MAMBO)
    credential = f"{key.key_id}:{secret}"
    reason = refusal(authentication.client_key_of, credential, PLAYCAMP_KINDS, NOW)
    assert reason == AuthReason.BAD_CLIENT_KEY


def test_a_revoked_key_is_worthless_at_once(shop: Shop) -> None:
    key, secret = new_key(shop)
    revoked = client_keys.revoke(shop.tenant_id, key.key_id, NOW)
    later = NOW + timedelta(days=1)
    assert client_keys.revoke(shop.tenant_id, key.key_id, later) == revoked
    credential = f"{key.key_id}:{secret}"
    reason = refusal(authentication.client_key_of, credential, {SERVER}, NOW)
    assert reason == AuthReason.BAD_CLIENT_KEY
    reason = refusal(authentication.client_key_and_secret, key.key_id, {SERVER}, NOW)
    assert reason == AuthReason.BAD_CLIENT_KEY


def test_a_key_ends_at_its_time(shop: Shop) -> None:
    asked = shop.tenant_id, SERVER, "short", NOW + timedelta(hours=1), NOW
    key, secret = client_keys.create(*asked)
    credential = f"{key.key_id}:{secret}"
    good = authentication.client_key_of(credential, {SERVER}, NOW + timedelta(hours=1))
    assert good == key
    after = NOW + timedelta(hours=1, milliseconds=1)
    reason = refusal(authentication.client_key_of, credential, {SERVER}, after)
    assert reason == AuthReason.BAD_CLIENT_KEY


def test_keys_are_listed_by_kind(shop: Shop) -> None:
    new_key(shop)
    wanted, _ = new_key(shop, MAMBO)
    assert client_keys.listed(shop.tenant_id, Page(), MAMBO) == ([wanted], 1)
    assert client_keys.listed(shop.tenant_id, Page())[1] == 2
