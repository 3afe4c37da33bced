"""Encrypt secrets at rest with the newest master key, decrypt with any of them."""

import hashlib

from cryptography.fernet import Fernet, InvalidToken, MultiFernet


class KeysNotLoaded(Exception):
    """No master keys have been loaded in this process."""


_keys: MultiFernet | None = None
_newest_key: Fernet | None = None


def load_keys(master_keys: tuple[str, ...]) -> None:
    """Load the master keys of this process (Fernet keys, newest first)."""
    global _keys, _newest_key
    keys = [Fernet(key) for key in master_keys]
    _keys, _newest_key = MultiFernet(keys), keys[0]


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


def renew(ciphertext: str) -> str | None:
    """Return a ciphertext of the newest key, or None if it is one.

    Raises:
        cryptography.fernet.InvalidToken: No loaded key decrypts it.
    """
    newest_key = _newest_key or _require_keys()  # which raises
    try:
        newest_key.decrypt(ciphertext)
    except InvalidToken:
        return _require_keys().rotate(ciphertext).decode("ascii")
    return None


def fingerprint(secret: str) -> str:
    """Return SHA-256 in hex.

    A plain hash is sufficient because our secrets are random and 256 bits long.
    """
    return hashlib.sha256(secret.encode()).hexdigest()


def _require_keys() -> MultiFernet:
    if _keys is None:
        raise KeysNotLoaded("Master keys are not loaded.")
    return _keys
