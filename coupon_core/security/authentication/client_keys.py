"""SDKs of other systems: a key's id together with its secret (CONTRACTS 3.1, 4.1)."""

import hmac
import re
from collections.abc import Set
from datetime import datetime

from coupon_core.domain.models import AuthReason, Refused
from coupon_core.domain.models.client_keys import (
    ClientKey,
    ClientKeyKind,
    StoredClientKey,
)
from coupon_core.persistence.repositories import client_keys as store
from coupon_core.security import encryption

LONGEST_SECRET = 256
NO_SECRET = encryption.fingerprint("")

_KEY_ID = re.compile("[A-Za-z0-9_-]{1,64}", re.ASCII).fullmatch


def client_key_of(
    credential: str | None, kinds: Set[ClientKeyKind], now: datetime
) -> ClientKey:
    """The key that calls, given as `keyId:secret`; the first colon parts the two."""
    if not credential:
        raise Refused(AuthReason.NO_CREDENTIALS)
    key_id, _, secret = credential.partition(":")
    return client_key_with(key_id, secret, kinds, now)


def client_key_with(
    key_id: str, secret: str, kinds: Set[ClientKeyKind], now: datetime
) -> ClientKey:
    """The key of that id, one of `kinds`, if that is its secret and it is good now."""
    stored = _stored(key_id)
    # Compared also when there is no such key: the time it takes tells nothing.
    expected = stored.secret_sha256 if stored else NO_SECRET
    given = encryption.fingerprint(secret[:LONGEST_SECRET])
    is_right = hmac.compare_digest(given, expected) and bool(secret)
    return _usable(stored if is_right else None, kinds, now).key


def client_key_and_secret(
    key_id: str, kinds: Set[ClientKeyKind], now: datetime
) -> tuple[ClientKey, str]:
    """The key of that id with its secret in the clear, to verify what it signed."""
    stored = _usable(_stored(key_id), kinds, now)
    return stored.key, encryption.unseal(stored.secret_sealed)


def _stored(key_id: str) -> StoredClientKey | None:
    # What is no id comes not near the database, where NUL is an error.
    return store.by_id(key_id) if _KEY_ID(key_id) else None


def _usable(
    stored: StoredClientKey | None, kinds: Set[ClientKeyKind], now: datetime
) -> StoredClientKey:
    if stored is None or stored.key.kind not in kinds or not stored.key.is_usable(now):
        raise Refused(AuthReason.BAD_CLIENT_KEY)
    return stored
