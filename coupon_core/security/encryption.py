"""Secrets at rest: sealed with the first master key, opened with any of them."""

import hashlib

from cryptography.fernet import Fernet, MultiFernet


class KeysNotLoaded(Exception):
    """No master keys have been given to this process."""


_keys: MultiFernet | None = None


def load_keys(master_keys: tuple[str, ...]) -> None:
    """Give this process its master keys (Fernet keys, newest first)."""
    global _keys  # one vault a process, like its one database
    _keys = MultiFernet([Fernet(key) for key in master_keys])


def generate_master_key() -> str:
    """A fresh key for `COUPON_MASTER_KEYS`."""
    return Fernet.generate_key().decode("ascii")


def is_master_key(text: str) -> bool:
    """True for a key that `load_keys` takes."""
    try:
        Fernet(text)
    except ValueError:
        return False
    return True


def encrypt(secret: str) -> str:
    """The secret as it may be stored."""
    return _require_keys().encrypt(secret.encode()).decode("ascii")


def decrypt(ciphertext: str) -> str:
    """The secret in the clear; cryptography.fernet.InvalidToken for a foreign key."""
    return _require_keys().decrypt(ciphertext).decode()


def fingerprint(secret: str) -> str:
    """SHA-256 in hex. Enough for our secrets: they are random and 256 bits long."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _require_keys() -> MultiFernet:
    if _keys is None:
        raise KeysNotLoaded("no master keys were given")
    return _keys
