"""Authenticate admins by API key or by a JWT signed with one.

See `docs/api-contracts.md` 0.11.
"""

import re
from datetime import datetime

from coupon_core.domain.models import (
    ApiKey,
    AuthReason,
    Principal,
    Refused,
)
from coupon_core.persistence.repositories import tenants as tenant_repository
from coupon_core.security import encryption
from coupon_core.security.authentication.jwt_claims import (
    decode_unverified,
    is_signed,
    read_times,
    token_owner,
)

UUID_PATTERN = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def authenticate_admin(
    api_key: str | None, bearer: str | None, now: datetime
) -> Principal:
    """Return the principal of an API key, a bearer API key or an admin JWT.

    Raises:
        Refused: There are no credentials, or they are not valid.
    """
    credential = api_key or bearer
    if not credential:
        raise Refused(AuthReason.NO_CREDENTIALS)
    if not api_key and credential.count(".") == 2:
        key = _authenticate_admin_token(credential, now)
    else:
        key = _require_usable_key(
            tenant_repository.find_key_by_hash(encryption.fingerprint(credential)), now
        )
    return Principal(
        key.tenant_id, key_id=key.key_id, scopes=key.scopes, key_name=key.name
    )


def _authenticate_admin_token(token: str, now: datetime) -> ApiKey:
    claims = decode_unverified(token)
    key_id = token_owner(claims, "admin").lower()
    stored = (
        tenant_repository.find_key_by_id(key_id)
        if UUID_PATTERN.fullmatch(key_id)
        else None
    )
    if stored is None or not is_signed(token, encryption.decrypt(stored[1])):
        raise Refused(AuthReason.BAD_TOKEN)
    read_times(claims).check(now.timestamp())
    return _require_usable_key(stored[0], now)


def _require_usable_key(key: ApiKey | None, now: datetime) -> ApiKey:
    if key is None or key.revoked_at or (key.expires_at and key.expires_at < now):
        raise Refused(AuthReason.BAD_API_KEY)
    return key
