"""Secrets at rest: sealed with the first master key, opened with any of them."""

import hashlib

from cryptography.fernet import Fernet, MultiFernet


class Locked(Exception):
    """No master keys have been given to this process."""


_keys: MultiFernet | None = None


def unlock(master_keys: tuple[str, ...]) -> None:
    """Give this process its master keys (Fernet keys, newest first)."""
    global _keys  # one vault a process, like its one database
    _keys = MultiFernet([Fernet(key) for key in master_keys])


def new_master_key() -> str:
    """A fresh key for `COUPON_MASTER_KEYS`."""
    return Fernet.generate_key().decode("ascii")


def is_master_key(text: str) -> bool:
    """True for a key that `unlock` takes."""
    try:
        Fernet(text)
    except ValueError:
        return False
    return True


def seal(secret: str) -> str:
    """The secret as it may be stored."""
    return _opened().encrypt(secret.encode()).decode("ascii")


def unseal(sealed: str) -> str:
    """The secret in the clear; cryptography.fernet.InvalidToken for a foreign key."""
    return _opened().decrypt(sealed).decode()


def fingerprint(secret: str) -> str:
    """SHA-256 in hex. Enough for our secrets: they are random and 256 bits long."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _opened() -> MultiFernet:
    if _keys is None:
        raise Locked("no master keys were given")
    return _keys
