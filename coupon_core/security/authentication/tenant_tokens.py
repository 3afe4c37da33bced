"""Authenticate JWTs that a tenant signs for its users or for its own servers.

See `docs/api-contracts.md` 0.11.
"""

import threading
from dataclasses import dataclass, field
from datetime import datetime

from cachetools import LRUCache

from coupon_core.domain.models import AuthReason, Principal, Refused
from coupon_core.security.authentication import tenant_secrets
from coupon_core.security.authentication.jwt_claims import (
    TokenTimes,
    decode_unverified,
    is_signed,
    read_times,
    token_owner,
    token_user,
)

MAX_CACHED_TOKENS = 8_192


@dataclass(frozen=True, slots=True)
class _VerifiedToken:
    principal: Principal
    times: TokenTimes
    secret: str = field(repr=False)


_token_cache: LRUCache[str, _VerifiedToken] = LRUCache(MAX_CACHED_TOKENS)
_cache_lock = threading.Lock()


def authenticate_tenant_token(token: str, now: datetime) -> Principal:
    """Return the user or server that a tenant's JWT authenticates.

    Raises:
        Refused: The token is not valid or has expired.
    """
    with _cache_lock:
        verified = _token_cache.get(token)
    if verified is None or not _is_secret_active(verified):
        verified = _verify_token(token)
        with _cache_lock:
            _token_cache[token] = verified
    verified.times.check(now.timestamp())
    return verified.principal


def _is_secret_active(verified: _VerifiedToken) -> bool:
    return verified.secret in tenant_secrets.get_active_secrets(
        verified.principal.tenant_id
    )


def _verify_token(token: str) -> _VerifiedToken:
    claims = decode_unverified(token)
    tenant_id = token_owner(claims, "tenant")
    secret = _find_signing_secret(token, tenant_id)
    principal = Principal(tenant_id, token_user(claims))
    return _VerifiedToken(principal, read_times(claims), secret)


def _find_signing_secret(token: str, tenant_id: str) -> str:
    for secrets in tenant_secrets.candidate_secrets(tenant_id):
        for secret in secrets:
            if is_signed(token, secret):
                return secret
    raise Refused(AuthReason.BAD_TOKEN)


def clear_credential_caches() -> None:
    """Clear the caches of tokens and secrets, for example when the database changes."""
    with _cache_lock:
        _token_cache.clear()
    tenant_secrets.clear_cache()
