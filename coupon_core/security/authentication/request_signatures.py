"""Authenticate requests that a tenant's server signs with HMAC.

See the Phoenix specification and `docs/api-contracts.md` 0.12.
"""

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from coupon_core.domain.models import AuthReason, Principal, Refused
from coupon_core.security.authentication import tenant_secrets

SIGNING_WINDOW_SECONDS = 300.0  # before and after now


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """The parts of a request that its HMAC signature covers, as received.

    `paths` are the forms in which the caller may have signed the path.
    """

    method: str
    paths: tuple[str, ...]
    body: bytes
    tenant_id: str | None
    timestamp: str | None
    signature: str | None


def authenticate_signed_request(request: SignedRequest, now: datetime) -> Principal:
    """Return the tenant whose secret signed this request.

    Raises:
        Refused: A header is missing, the timestamp is outside the signing window, or
            the signature is wrong.
    """
    if not (request.tenant_id and request.timestamp and request.signature):
        raise Refused(AuthReason.MISSING_HEADER)
    _check_timestamp(request.timestamp, now.timestamp())
    for secrets in tenant_secrets.candidate_secrets(request.tenant_id):
        if _has_match(request.signature, _compute_signatures(request, secrets)):
            return Principal(request.tenant_id)
    raise Refused(AuthReason.BAD_SIGNATURE)


def _check_timestamp(timestamp: str, now: float) -> None:
    is_number = timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12
    if not is_number or abs(now - int(timestamp)) > SIGNING_WINDOW_SECONDS:
        raise Refused(AuthReason.BAD_TIMESTAMP)


def _compute_signatures(request: SignedRequest, secrets: Iterable[str]) -> list[str]:
    suffix = f"\n{request.timestamp}\n".encode() + request.body
    texts = [f"{request.method}\n{path}".encode() + suffix for path in request.paths]
    return [
        "hmac-sha256=" + hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()
        for secret in secrets
        for text in texts
    ]


def _has_match(provided: str, expected: Iterable[str]) -> bool:
    candidate = provided.lower().encode("utf-8", "replace")
    # A list, not a generator: the time must not depend on which signature matches.
    return any(
        [hmac.compare_digest(candidate, signature.encode()) for signature in expected]
    )
