"""Remember the nonces of signed requests whose signature does not cover the body.

A nonce is kept in the table of idempotent requests, without a response, and is purged
with them.
"""

from datetime import datetime

from coupon_core.domain.models.idempotency import IdempotentRequest
from coupon_core.persistence.repositories import idempotency as idempotency_repository
from coupon_core.services.idempotency import SIGNATURE_RETENTION, compute_digest


class NonceReused(Exception):
    """The nonce was already used for a different request."""


def use_nonce(
    tenant_id: str, nonce_parts: tuple[str, ...], fingerprint: str, now: datetime
) -> None:
    """Bind a nonce to the fingerprint of its request; the same request may repeat it.

    Raises:
        NonceReused: It is bound to another fingerprint.
    """
    kept_until = now + SIGNATURE_RETENTION
    request = IdempotentRequest(
        tenant_id,
        compute_digest(b"nonce", *(part.encode() for part in nonce_parts)),
        fingerprint=fingerprint,
        kept_until=kept_until,
    )
    if idempotency_repository.acquire(request, "", now, leased_until=kept_until):
        return
    stored = idempotency_repository.find(request)
    if stored is None or stored[0] != fingerprint:
        raise NonceReused
