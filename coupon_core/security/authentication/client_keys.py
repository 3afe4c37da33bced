"""Authenticate SDKs of other systems by the id and the secret of a client key.

See `docs/api-contracts.md` 3.1 and 4.1.
"""

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
from coupon_core.persistence.repositories import client_keys as client_key_repository
from coupon_core.security import encryption

MAX_SECRET_LENGTH = 256
EMPTY_SECRET_FINGERPRINT = encryption.fingerprint("")

_match_key_id = re.compile("[A-Za-z0-9_-]{1,64}", re.ASCII).fullmatch


def authenticate_client_key(
    credential: str | None, kinds: Set[ClientKeyKind], now: datetime
) -> ClientKey:
    """Return the client key of a credential `keyId:secret`, split at the first colon.

    Raises:
        Refused: There is no credential, or it is not valid.
    """
    if not credential:
        raise Refused(AuthReason.NO_CREDENTIALS)
    key_id, _, secret = credential.partition(":")
    return verify_client_key(key_id, secret, kinds, now)


def verify_client_key(
    key_id: str, secret: str, kinds: Set[ClientKeyKind], now: datetime
) -> ClientKey:
    """Return the client key if it is usable, of one of `kinds`, and has this secret."""
    stored = _find_stored_key(key_id)
    # Always compared, so that the response time does not reveal whether a key exists.
    expected = stored.secret_sha256 if stored else EMPTY_SECRET_FINGERPRINT
    provided = encryption.fingerprint(secret[:MAX_SECRET_LENGTH])
    is_valid = hmac.compare_digest(provided, expected) and bool(secret)
    return _require_usable_key(stored if is_valid else None, kinds, now).key


def load_client_key_and_secret(
    key_id: str, kinds: Set[ClientKeyKind], now: datetime
) -> tuple[ClientKey, str]:
    """Return a client key and its secret in plain text, to verify signatures."""
    stored = _require_usable_key(_find_stored_key(key_id), kinds, now)
    return stored.key, encryption.decrypt(stored.secret_sealed)


def _find_stored_key(key_id: str) -> StoredClientKey | None:
    # Invalid ids are not looked up: NUL would be a database error.
    return client_key_repository.find_by_id(key_id) if _match_key_id(key_id) else None


def _require_usable_key(
    stored: StoredClientKey | None, kinds: Set[ClientKeyKind], now: datetime
) -> StoredClientKey:
    if stored is None or stored.key.kind not in kinds or not stored.key.is_usable(now):
        raise Refused(AuthReason.BAD_CLIENT_KEY)
    return stored
