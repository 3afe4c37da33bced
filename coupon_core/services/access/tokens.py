"""Tenant tokens as a tenant's own server signs them (the Phoenix specification)."""

from datetime import datetime

import jwt

from coupon_core.security.authentication.jwt_claims import MAX_TOKEN_LIFETIME_SECONDS
from coupon_core.services.access import tenants

MAX_LIFETIME_SECONDS = int(MAX_TOKEN_LIFETIME_SECONDS)


def mint(
    tenant_id: str, user_id: str | None, lifetime_seconds: int, now: datetime
) -> str:
    """Return a JWT for a user of the tenant, or for its server if `user_id` is None.

    The caller keeps `lifetime_seconds` at or below `MAX_LIFETIME_SECONDS`.

    Raises:
        Refused: The tenant is unknown.
    """
    tenants.require(tenant_id)
    newest_secret = tenants.list_secrets(tenant_id)[0]
    issued_at = int(now.timestamp())
    claims = {
        "sub_type": "tenant",
        "sub_id": tenant_id,
        "iat": issued_at,
        "exp": issued_at + lifetime_seconds,
    }
    if user_id is not None:
        claims["sub"] = user_id
    return jwt.encode(claims, newest_secret.secret, algorithm="HS256")
