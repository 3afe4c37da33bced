"""Who is calling: a tenant's token or signature, an admin's token or key."""

import base64
import binascii
import hashlib
import hmac
import json
import math
import re
import time
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import jwt

from coupon_core import tenants, vault
from coupon_core.model import (
    ApiKey,
    AuthReason,
    Principal,
    Refused,
    Scope,
    TenantSecret,
)
from coupon_core.store import tenants as store

LEEWAY = 60.0  # seconds that clocks may differ
LONGEST_LIFE = 30 * 86_400.0  # seconds that a token may live
SIGNING_WINDOW = 300.0  # seconds around now in which a signed request is good
SECRETS_FRESH = 1.0  # seconds for which a tenant's secrets are not read again
MOST_TOKENS, MOST_TENANTS = 8_192, 1_024
LONGEST_TOKEN = 8_192
USER_ID = re.compile(r"[^/\x00-\x1f\x7f]{1,128}")
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

_jws = jwt.PyJWS(algorithms=["HS256"])


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """What an HMAC signature is made over, as it came in.

    `paths` are the forms in which the caller may have signed the path.
    """

    method: str
    paths: tuple[str, ...]
    body: bytes
    tenant_id: str | None
    timestamp: str | None
    signature: str | None


def principal_of_token(token: str, now: datetime) -> Principal:
    """The user, or the server, that a tenant's JWT speaks for (CONTRACTS 0.11)."""
    moment = now.timestamp()
    known = _tokens.get(token)
    if known is None or known.secret not in _secrets_of(known.principal.tenant_id):
        known = _verified(token)
        _tokens.put(token, known)
    _check_times(known.claims, moment)
    return known.principal


@dataclass(frozen=True, slots=True)
class _VerifiedToken:
    principal: Principal
    claims: Mapping[str, Any]
    secret: str


def _verified(token: str) -> _VerifiedToken:
    claims = _claims(token)
    tenant_id = claims.get("sub_id")
    if claims.get("sub_type") != "tenant" or not isinstance(tenant_id, str):
        raise Refused(AuthReason.BAD_TOKEN)
    secret = _signing_secret(token, tenant_id)
    return _VerifiedToken(
        Principal(tenant_id, user_id=_subject(claims)), claims, secret
    )


def _signing_secret(token: str, tenant_id: str) -> str:
    # A secret that is a second old may just have been replaced: look once more.
    for secrets in (_secrets_of(tenant_id), _secrets_of(tenant_id, fresh=True)):
        for secret in secrets:
            if _is_signed(token, secret):
                return secret
    raise Refused(AuthReason.BAD_TOKEN)


def _is_signed(token: str, secret: str) -> bool:
    try:
        _jws.decode(token, secret, algorithms=["HS256"])
    except jwt.PyJWTError:
        return False
    return True


def _claims(token: str) -> dict[str, Any]:
    """The claims of a token that nobody has verified yet."""
    try:
        _, payload, _ = token[: LONGEST_TOKEN + 1].split(".")
        padded = payload + "=" * (-len(payload) % 4)
        text = base64.b64decode(padded, altchars="-_", validate=True).decode()
        claims = json.loads(text, object_pairs_hook=_without_repeats)
    except (ValueError, binascii.Error, RecursionError):
        raise Refused(AuthReason.BAD_TOKEN) from None
    if not isinstance(claims, dict):
        raise Refused(AuthReason.BAD_TOKEN)
    return claims


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a claim is given twice")
    return members


def _subject(claims: Mapping[str, Any]) -> str | None:
    if "sub" not in claims:
        return None
    subject = claims["sub"]
    if isinstance(subject, int) and not isinstance(subject, bool):
        subject = str(subject)
    if not isinstance(subject, str) or not USER_ID.fullmatch(subject):
        raise Refused(AuthReason.BAD_TOKEN)
    return subject


def _check_times(claims: Mapping[str, Any], now: float) -> None:
    expiry = _numeric_date(claims, "exp")
    begins = max(_numeric_date(claims, "nbf", now), _numeric_date(claims, "iat", now))
    if expiry + LEEWAY < now:
        raise Refused(AuthReason.EXPIRED_TOKEN)
    issued = _numeric_date(claims, "iat", now)
    if begins > now + LEEWAY or expiry - min(issued, now) > LONGEST_LIFE + LEEWAY:
        raise Refused(AuthReason.BAD_TOKEN)


def _numeric_date(
    claims: Mapping[str, Any], name: str, default: float | None = None
) -> float:
    value = claims.get(name, default)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not math.isfinite(value) or not 0 <= value < 1e11:
        raise Refused(AuthReason.BAD_TOKEN)
    return float(value)


def principal_of_signature(request: SignedRequest, now: datetime) -> Principal:
    """The tenant whose secret signed this request (document S1, CONTRACTS 0.12)."""
    if not (request.tenant_id and request.timestamp and request.signature):
        raise Refused(AuthReason.MISSING_HEADER)
    _check_timestamp(request.timestamp, now.timestamp())
    for secrets in (
        _secrets_of(request.tenant_id),
        _secrets_of(request.tenant_id, fresh=True),
    ):
        if _is_any(request.signature, _signatures(request, secrets)):
            return Principal(request.tenant_id)
    raise Refused(AuthReason.BAD_SIGNATURE)


def _check_timestamp(timestamp: str, now: float) -> None:
    plain = timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12
    if not plain or abs(now - int(timestamp)) > SIGNING_WINDOW:
        raise Refused(AuthReason.BAD_TIMESTAMP)


def _signatures(request: SignedRequest, secrets: Iterable[str]) -> list[str]:
    ends = f"\n{request.timestamp}\n".encode() + request.body
    texts = [f"{request.method}\n{path}".encode() + ends for path in request.paths]
    return [
        "hmac-sha256=" + hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()
        for secret in secrets
        for text in texts
    ]


def _is_any(given: str, expected: Iterable[str]) -> bool:
    candidate = given.encode("utf-8", "replace")
    # A list, not a generator: how long it takes must not tell which one fitted.
    return any([hmac.compare_digest(candidate, one.encode()) for one in expected])


def principal_of_admin(
    api_key: str | None, bearer: str | None, now: datetime
) -> Principal:
    """The API key that calls, given as such, as bearer, or as an admin JWT's signer."""
    credential = api_key or bearer
    if not credential:
        raise Refused(AuthReason.NO_CREDENTIALS)
    if not api_key and credential.count(".") == 2:
        key = _key_of_token(credential, now)
    else:
        key = _usable(store.key_by_hash(vault.fingerprint(credential)), now)
    return Principal(key.tenant_id, key_id=key.key_id, scopes=key.scopes)


def _key_of_token(token: str, now: datetime) -> ApiKey:
    claims = _claims(token)
    key_id = claims.get("sub_id")
    if claims.get("sub_type") != "admin" or not isinstance(key_id, str):
        raise Refused(AuthReason.BAD_TOKEN)
    if not UUID.fullmatch(key_id.lower()):
        raise Refused(AuthReason.BAD_TOKEN)
    known = store.key_by_id(key_id.lower())
    if known is None or not _is_signed(token, vault.unseal(known[1])):
        raise Refused(AuthReason.BAD_TOKEN)
    _check_times(claims, now.timestamp())
    return _usable(known[0], now)


def _usable(key: ApiKey | None, now: datetime) -> ApiKey:
    if key is None or key.revoked_at or (key.expires_at and key.expires_at < now):
        raise Refused(AuthReason.BAD_API_KEY)
    return key


def require_scope(principal: Principal, tenant_id: str, scope: Scope) -> None:
    """Refused when the key is another tenant's, or may not do this."""
    if principal.tenant_id != tenant_id:
        raise Refused(AuthReason.WRONG_TENANT)
    if scope not in principal.scopes:
        raise Refused(
            AuthReason.SCOPE_MISSING, f"This API key lacks the scope '{scope}'"
        )


def require_tenant(principal: Principal, tenant_id: str) -> None:
    """Refused when the path names another tenant than the caller's."""
    if principal.tenant_id != tenant_id:
        raise Refused(AuthReason.WRONG_TENANT)


def require_user(principal: Principal, user_id: str) -> None:
    """Refused when a user speaks for another; a tenant speaks for all of its own."""
    if principal.user_id not in (None, user_id):
        raise Refused(AuthReason.WRONG_USER)


class _Recent(OrderedDict[str, Any]):
    """The last values kept, a bounded number of them."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most

    def put(self, name: str, value: Any) -> None:
        self[name] = value
        while len(self) > self.most:
            self.popitem(last=False)


_tokens = _Recent(MOST_TOKENS)
_secrets = _Recent(MOST_TENANTS)


def _secrets_of(tenant_id: str, fresh: bool = False) -> tuple[str, ...]:
    """A tenant's active secrets, at most a second old; none for an unknown tenant."""
    known = _secrets.get(tenant_id)
    now = time.monotonic()
    if fresh or known is None or known[0] < now:
        found = tuple(_plain(tenants.active_secrets(tenant_id)))
        known = now + SECRETS_FRESH, found
        _secrets.put(tenant_id, known)
    return known[1]


def _plain(found: Iterable[TenantSecret]) -> Iterable[str]:
    return (secret.secret for secret in found)


def forget() -> None:
    """Drop what is remembered of tokens and secrets (when the database changes)."""
    _tokens.clear()
    _secrets.clear()
