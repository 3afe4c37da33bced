"""Secret keys of tenants that never leave the system, one for each purpose."""

import hashlib
import hmac
import secrets
from datetime import datetime

from coupon_core.persistence.repositories import personal_data
from coupon_core.security import encryption


def find_key(tenant_id: str, purpose: str) -> bytes | None:
    """Return the key of a tenant for a purpose, or None if it has none yet."""
    sealed = personal_data.get_key(tenant_id, purpose)
    return None if sealed is None else encryption.decrypt(sealed).encode()


def require_key(tenant_id: str, purpose: str, now: datetime) -> bytes:
    """Return the key of a tenant for a purpose; create it if there is none."""
    key = find_key(tenant_id, purpose)
    if key is None:
        new_key = encryption.encrypt(secrets.token_hex(32))
        personal_data.insert_key(tenant_id, purpose, new_key, now)
        # Another process may have inserted its own first.
        key = find_key(tenant_id, purpose) or encryption.decrypt(new_key).encode()
    return key


def compute_digest(key: bytes, message: str, digits: int) -> str:
    """Return the first hexadecimal digits of the keyed hash of a message."""
    data = message.encode("utf-8", "surrogatepass")
    return hmac.new(key, data, hashlib.sha256).hexdigest()[:digits]
