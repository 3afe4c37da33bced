"""The JWT that a tenant signs for its users, or for itself (CONTRACTS 0.11)."""

from dataclasses import dataclass, field
from datetime import datetime

from coupon_core.domain.models import AuthReason, Principal, Refused
from coupon_core.security.authentication import tenant_secrets
from coupon_core.security.authentication.jwt_claims import (
    Claims,
    check_times,
    is_signed,
    speaker,
    subject,
    unverified,
)
from coupon_core.security.bounded_cache import Recent

MOST_TOKENS = 8_192


@dataclass(frozen=True, slots=True)
class _VerifiedToken:
    principal: Principal
    claims: Claims
    secret: str = field(repr=False)


_known: Recent[_VerifiedToken] = Recent(MOST_TOKENS)


def principal_of_token(token: str, now: datetime) -> Principal:
    """The user, or the server, that a tenant's JWT speaks for."""
    known = _known.get(token)
    if known is None or not _is_still_signed(known):
        known = _verified(token)
        _known.put(token, known)
    check_times(known.claims, now.timestamp())
    return known.principal


def _is_still_signed(known: _VerifiedToken) -> bool:
    return known.secret in tenant_secrets.active(known.principal.tenant_id)


def _verified(token: str) -> _VerifiedToken:
    claims = unverified(token)
    tenant_id = speaker(claims, "tenant")
    secret = _signing_secret(token, tenant_id)
    return _VerifiedToken(Principal(tenant_id, subject(claims)), claims, secret)


def _signing_secret(token: str, tenant_id: str) -> str:
    for secrets in tenant_secrets.tries(tenant_id):
        for secret in secrets:
            if is_signed(token, secret):
                return secret
    raise Refused(AuthReason.BAD_TOKEN)


def forget() -> None:
    """Drop what is remembered of tokens and secrets (when the database changes)."""
    _known.clear()
    tenant_secrets.forget()
