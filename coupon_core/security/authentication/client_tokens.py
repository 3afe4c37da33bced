"""Short-lived tokens that an SDK gets for its key and secret (CONTRACTS 4.1)."""

from datetime import datetime

import jwt

from coupon_core.domain.models import AuthReason, Refused
from coupon_core.domain.models.client_keys import ClientKey, ClientKeyKind
from coupon_core.security.authentication.client_keys import (
    client_key_and_secret,
    client_key_with,
)
from coupon_core.security.authentication.jwt_claims import (
    check_times,
    is_signed,
    speaker,
    unverified,
)

TOKEN_SECONDS = 3_600
KINDS = frozenset({ClientKeyKind.MAMBO})
SUB_TYPE = "client"


def issue_client_token(key_id: str, secret: str, now: datetime) -> str:
    """A token for whoever has a key and its secret, good for TOKEN_SECONDS. Refused.

    It is signed with the secret, so that nothing else need be kept of it.
    """
    key = client_key_with(key_id, secret, KINDS, now)
    issued = int(now.timestamp())
    claims = {"sub_type": SUB_TYPE, "sub_id": key.key_id, "iat": issued}
    claims["exp"] = issued + TOKEN_SECONDS
    return jwt.encode(claims, secret, algorithm="HS256")


def client_key_of_token(token: str, now: datetime) -> ClientKey:
    """The key that a token was issued for, unless it was revoked since. Refused."""
    claims = unverified(token)
    key_id = speaker(claims, SUB_TYPE)
    key, secret = client_key_and_secret(key_id, KINDS, now)
    if not is_signed(token, secret):
        raise Refused(AuthReason.BAD_TOKEN)
    check_times(claims, now.timestamp())
    return key
