"""Secrets at rest: sealed by the newest master key, opened by all."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from cryptography.fernet import InvalidToken

from coupon_core import vault


@pytest.fixture(autouse=True)
def vault_as_it_was() -> Iterator[None]:
    before = vault._keys
    yield
    vault._keys = before


def test_what_was_sealed_is_opened() -> None:
    vault.unlock((vault.new_master_key(),))
    assert vault.unseal(vault.seal("s€cret")) == "s€cret"


def test_the_same_secret_is_never_sealed_the_same() -> None:
    vault.unlock((vault.new_master_key(),))
    assert vault.seal("secret") != vault.seal("secret")


def test_after_a_rotation_old_seals_open_and_new_ones_are_by_the_new_key() -> None:
    old, new = vault.new_master_key(), vault.new_master_key()
    vault.unlock((old,))
    sealed_before = vault.seal("before")
    vault.unlock((new, old))
    sealed_after = vault.seal("after")
    assert vault.unseal(sealed_before) == "before"
    vault.unlock((new,))
    assert vault.unseal(sealed_after) == "after"
    with pytest.raises(InvalidToken):
        vault.unseal(sealed_before)


def test_nothing_is_sealed_without_a_master_key() -> None:
    vault._keys = None
    with pytest.raises(vault.Locked):
        vault.seal("secret")


@pytest.mark.parametrize("text", ["", "short", "A" * 44, "é" * 44, "=" * 44])
def test_what_is_no_master_key_is_known_as_such(text: str) -> None:
    # 44 times A is 33 bytes: one too many.
    assert not vault.is_master_key(text)


def test_a_new_master_key_is_one() -> None:
    assert vault.is_master_key(vault.new_master_key())


def test_a_fingerprint_is_sha256_in_hex() -> None:
    of_abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert vault.fingerprint("abc") == of_abc
