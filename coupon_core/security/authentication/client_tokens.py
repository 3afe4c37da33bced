"""Issue and verify short-lived tokens of client keys (`docs/api-contracts.md` 4.1)."""

from datetime import datetime

import jwt

from coupon_core.domain.models import AuthReason, Refused
from coupon_core.domain.models.client_keys import ClientKey, ClientKeyKind
from coupon_core.security.authentication.client_keys import (
    load_client_key_and_secret,
    verify_client_key,
)
from coupon_core.security.authentication.jwt_claims import (
    decode_unverified,
    is_signed,
    read_times,
    token_owner,
)

TOKEN_LIFETIME_SECONDS = 3_600
TOKEN_KEY_KINDS = frozenset({ClientKeyKind.MAMBO})
SUB_TYPE = "client"


def issue_client_token(key_id: str, secret: str, now: datetime) -> str:
    """Return a token for a client key, valid for `TOKEN_LIFETIME_SECONDS`.

    It is signed with the secret of the key, so that the token need not be stored.

    Raises:
        Refused: Key or secret are not valid.
    """
    key = verify_client_key(key_id, secret, TOKEN_KEY_KINDS, now)
    issued = int(now.timestamp())
    claims = {"sub_type": SUB_TYPE, "sub_id": key.key_id, "iat": issued}
    claims["exp"] = issued + TOKEN_LIFETIME_SECONDS
    return jwt.encode(claims, secret, algorithm="HS256")


def authenticate_client_token(token: str, now: datetime) -> ClientKey:
    """Return the client key of a token; refuse if the token or the key is not valid."""
    claims = decode_unverified(token)
    key_id = token_owner(claims, SUB_TYPE)
    key, secret = load_client_key_and_secret(key_id, TOKEN_KEY_KINDS, now)
    if not is_signed(token, secret):
        raise Refused(AuthReason.BAD_TOKEN)
    read_times(claims).check(now.timestamp())
    return key
