"""Encrypt secrets at rest with the newest master key, decrypt with any of them."""

import hashlib

from cryptography.fernet import Fernet, MultiFernet


class KeysNotLoaded(Exception):
    """No master keys have been loaded in this process."""


_keys: MultiFernet | None = None


def load_keys(master_keys: tuple[str, ...]) -> None:
    """Load the master keys of this process (Fernet keys, newest first)."""
    global _keys
    _keys = MultiFernet([Fernet(key) for key in master_keys])


def generate_master_key() -> str:
    """Return a new key for `COUPON_MASTER_KEYS`."""
    return Fernet.generate_key().decode("ascii")


def is_master_key(text: str) -> bool:
    """Return True if `load_keys` accepts the key."""
    try:
        Fernet(text)
    except ValueError:
        return False
    return True


def encrypt(secret: str) -> str:
    """Return the secret in encrypted form, as it may be stored."""
    return _require_keys().encrypt(secret.encode()).decode("ascii")


def decrypt(ciphertext: str) -> str:
    """Return the secret in plain text.

    Raises:
        cryptography.fernet.InvalidToken: No loaded key decrypts it.
    """
    return _require_keys().decrypt(ciphertext).decode()


def fingerprint(secret: str) -> str:
    """Return SHA-256 in hex.

    A plain hash is sufficient because our secrets are random and 256 bits long.
    """
    return hashlib.sha256(secret.encode()).hexdigest()


def _require_keys() -> MultiFernet:
    if _keys is None:
        raise KeysNotLoaded("Master keys are not loaded.")
    return _keys
