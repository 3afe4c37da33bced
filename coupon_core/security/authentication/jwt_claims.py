"""Parse and check the claims of a JWT strictly."""

import base64
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jwt

from coupon_core.domain.identifiers import is_tenant_id, is_user_id
from coupon_core.domain.models import AuthReason, Refused

LEEWAY_SECONDS = 60.0  # permitted clock difference
MAX_TOKEN_LIFETIME_SECONDS = 30 * 86_400.0
MAX_TOKEN_LENGTH = 8_192

Claims = Mapping[str, Any]

_match_token = re.compile(r"[\w-]+\.([\w-]+)\.[\w-]+", re.ASCII).fullmatch
_jws = jwt.PyJWS(algorithms=["HS256"])


def decode_unverified(token: str) -> Claims:
    """Return the claims of a token without verifying its signature."""
    try:
        text = base64.urlsafe_b64decode(_extract_payload(token) + "==").decode()
        claims = json.loads(text, object_pairs_hook=_reject_duplicates)
    except (ValueError, RecursionError):
        raise Refused(AuthReason.BAD_TOKEN) from None
    if not isinstance(claims, dict):
        raise Refused(AuthReason.BAD_TOKEN)
    return claims


def _extract_payload(token: str) -> str:
    # Strict, because decoders ignore some characters: one token would have many forms.
    match = _match_token(token) if len(token) <= MAX_TOKEN_LENGTH else None
    if match is None:
        raise Refused(AuthReason.BAD_TOKEN)
    return match[1]


def _reject_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("repeated claim")
    return members


def is_signed(token: str, secret: str) -> bool:
    """Return True if the token is signed with the secret; only HS256 is accepted."""
    try:
        _jws.decode(token, secret, algorithms=["HS256"])
    except jwt.PyJWTError:
        return False
    return True


def token_owner(claims: Claims, sub_type: str) -> str:
    """Return the id of the tenant or key that the claims name."""
    sub_id = claims.get("sub_id")
    if claims.get("sub_type") != sub_type or not isinstance(sub_id, str):
        raise Refused(AuthReason.BAD_TOKEN)
    if not is_tenant_id(sub_id):
        raise Refused(AuthReason.BAD_TOKEN)
    return sub_id


def token_user(claims: Claims) -> str | None:
    """Return the user that the claims name, or None for a server.

    See `docs/api-contracts.md` 0.8.
    """
    if "sub" not in claims:
        return None
    user = claims["sub"]
    if isinstance(user, int) and not isinstance(user, bool):
        user = str(user)
    if not isinstance(user, str) or not is_user_id(user):
        raise Refused(AuthReason.BAD_TOKEN)
    return user


@dataclass(frozen=True, slots=True)
class TokenTimes:
    """When a token expires, begins to be valid, and was issued, in Unix time."""

    expiry: float
    valid_from: float
    issued: float

    def check(self, now: float) -> None:
        """Refuse a token that has expired, is not yet valid or lives too long."""
        if self.expiry + LEEWAY_SECONDS < now:
            raise Refused(AuthReason.EXPIRED_TOKEN)
        lifetime = self.expiry - min(self.issued, now)
        if (
            self.valid_from > now + LEEWAY_SECONDS
            or lifetime > MAX_TOKEN_LIFETIME_SECONDS + LEEWAY_SECONDS
        ):
            raise Refused(AuthReason.BAD_TOKEN)


def read_times(claims: Claims) -> TokenTimes:
    """Return the times of a token; refuse one whose times are no numbers."""
    expiry, issued = _numeric_date(claims, "exp"), _numeric_date(claims, "iat", 0.0)
    valid_from = max(_numeric_date(claims, "nbf", 0.0), issued)
    # Without `iat` it counts as issued at the time of each check.
    return TokenTimes(expiry, valid_from, issued if "iat" in claims else math.inf)


def _numeric_date(claims: Claims, name: str, default: float | None = None) -> float:
    value = claims.get(name, default)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    # The comparison is also false for NaN. math.isfinite would raise OverflowError for
    # the large integers that JSON allows.
    if not is_number or not 0 <= value < 1e11:
        raise Refused(AuthReason.BAD_TOKEN)
    return float(value)
