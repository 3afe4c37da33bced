"""Read the Idempotency-Key or signature of a request and derive its stored key."""

import re

from flask import request

from coupon_core.domain.models import Principal, utc_now
from coupon_core.domain.models.idempotency import IdempotentRequest
from coupon_core.schemas.errors import ApiError, ErrorDetail, validation_error
from coupon_core.services.idempotency import (
    KEY_RETENTION,
    REFUSAL_RETENTION,
    SIGNATURE_RETENTION,
    compute_digest,
)
from coupon_core.web.authentication import SIGNATURE_ENVIRON_KEY

KEY_HEADER = "Idempotency-Key"
KEY_PATTERN = "^[A-Za-z0-9_-]{1,255}$"
KEY_EXPECTED = "1 to 255 letters, digits, _ or -"
KEY_ENVIRON_KEY = "HTTP_IDEMPOTENCY_KEY"
_match_key = re.compile(r'("?)([A-Za-z0-9_-]{1,255})\1').fullmatch


def read_key() -> str | None:
    """Return the Idempotency-Key of the current request, or None.

    Raises:
        ApiError: 400 if the header is not a valid key.
    """
    header = request.environ.get(KEY_ENVIRON_KEY)
    if header is None:
        return None
    match = _match_key(header)
    if match is None:
        raise validation_error(
            [ErrorDetail(f"expected {KEY_EXPECTED}", KEY_HEADER, target="header")]
        )
    return match[2]


def build_keyed_request(
    principal: Principal, key: str, body: bytes
) -> IdempotentRequest:
    """Return the request under its key, which is valid for this caller and route.

    The fingerprint covers method, path, query and `body`, the bytes or a digest of the
    body (`docs/api-contracts.md` 0.13).
    """
    environ = request.environ
    caller = (principal.user_id, principal.key_id)
    request_key = _compute_digest_of(*caller, _get_route(), key)
    query = environ.get("QUERY_STRING", "").encode("latin-1")
    fingerprint = compute_digest(
        request.method.encode(), request.path.encode(), query, body
    )
    now = utc_now()
    return IdempotentRequest(
        principal.tenant_id,
        request_key,
        fingerprint=fingerprint,
        kept_until=now + KEY_RETENTION,
        refusal_kept_until=now + REFUSAL_RETENTION,
        # A server acts for many users, so only the keys of a user are limited.
        caller=_compute_digest_of(*caller) if principal.user_id else "",
    )


def _compute_digest_of(*parts: str | None) -> str:
    return compute_digest(*(repr(part).encode() for part in parts))


def _get_route() -> str:
    return request.url_rule.rule if request.url_rule else ""


def build_signed_request(principal: Principal) -> IdempotentRequest | None:
    """Return the request under its signature, or None if it is not signed."""
    signature = request.environ.get(SIGNATURE_ENVIRON_KEY)
    if signature is None:
        return None
    request_key = compute_digest(b"signature", signature.lower().encode())
    return IdempotentRequest(
        principal.tenant_id,
        request_key,
        fingerprint="",
        kept_until=utc_now() + SIGNATURE_RETENTION,
    )


def key_reused_error() -> ApiError:
    """Return the 422 for a key that was used with a different request."""
    text = f"{KEY_HEADER}: this key was already used with a different request"
    detail = ErrorDetail(
        "expected a new key, or the same request", KEY_HEADER, target="header"
    )
    return ApiError(422, "IDEMPOTENCY_KEY_REUSED", message=text, details=(detail,))


def in_progress_error() -> ApiError:
    """Return the 409 for a request that is still being processed."""
    text = "The same request is still being processed"
    return ApiError(
        409, "REQUEST_UNDER_WAY", message=text, headers={"Retry-After": "1"}
    )
