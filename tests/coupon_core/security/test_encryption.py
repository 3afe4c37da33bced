"""Test that secrets are encrypted with the newest master key and decrypted with all."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from cryptography.fernet import InvalidToken

from coupon_core.security import encryption


@pytest.fixture(autouse=True)
def restored_keys() -> Iterator[None]:
    before = encryption._keys
    yield
    encryption._keys = before


def test_what_was_sealed_is_opened() -> None:
    encryption.load_keys((encryption.generate_master_key(),))
    assert encryption.decrypt(encryption.encrypt("s€cret")) == "s€cret"


def test_the_same_secret_is_never_sealed_the_same() -> None:
    encryption.load_keys((encryption.generate_master_key(),))
    assert encryption.encrypt("secret") != encryption.encrypt("secret")


def test_after_a_rotation_old_seals_open_and_new_ones_are_by_the_new_key() -> None:
    old, new = encryption.generate_master_key(), encryption.generate_master_key()
    encryption.load_keys((old,))
    sealed_before = encryption.encrypt("before")
    encryption.load_keys((new, old))
    sealed_after = encryption.encrypt("after")
    assert encryption.decrypt(sealed_before) == "before"
    encryption.load_keys((new,))
    assert encryption.decrypt(sealed_after) == "after"
    with pytest.raises(InvalidToken):
        encryption.decrypt(sealed_before)


def test_nothing_is_sealed_without_a_master_key() -> None:
    encryption._keys = None
    with pytest.raises(encryption.KeysNotLoaded):
        encryption.encrypt("secret")


@pytest.mark.parametrize("text", ["", "short", "A" * 44, "é" * 44, "=" * 44])
def test_what_is_no_master_key_is_known_as_such(text: str) -> None:
    # 44 times A decodes to 33 bytes, one too many.
    assert not encryption.is_master_key(text)


def test_a_new_master_key_is_one() -> None:
    assert encryption.is_master_key(encryption.generate_master_key())


def test_a_fingerprint_is_sha256_in_hex() -> None:
    expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert encryption.fingerprint("abc") == expected
