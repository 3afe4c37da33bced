"""Read credentials from requests, and map failed authentication to responses."""

from collections.abc import Mapping
from types import MappingProxyType

from flask import request

from coupon_core.domain.models import AuthReason, Principal, utc_now
from coupon_core.domain.refusals import AnyReason
from coupon_core.security.authentication import (
    SignedRequest,
    authenticate_signed_request,
)
from coupon_core.web.dialects import RefusalResponse
from coupon_core.web.path_validation import has_control_character
from coupon_core.web.request_body import read_body

SIGNATURE_ENVIRON_KEY = "coupon.signed_by"
"""WSGI environ key of the signature that authenticated a request."""

AUTH_REFUSALS: Mapping[AnyReason, RefusalResponse] = MappingProxyType(
    {
        AuthReason.NO_CREDENTIALS: (401, "AUTH_002", "Authentication required"),
        AuthReason.BAD_TOKEN: (401, "INVALID_TOKEN", "Invalid token"),
        AuthReason.EXPIRED_TOKEN: (401, "TOKEN_EXPIRED", "Token has expired"),
        AuthReason.BAD_API_KEY: (401, "INVALID_API_KEY", "Invalid API key"),
        AuthReason.MISSING_HEADER: (
            401,
            "AUTH_002",
            "Signed requests need X-Tenant-Id, X-Timestamp and X-Signature",
        ),
        AuthReason.BAD_TIMESTAMP: (
            401,
            "AUTH_004",
            "X-Timestamp must be Unix seconds within 300 seconds of now",
        ),
        AuthReason.BAD_SIGNATURE: (401, "AUTH_001", "Invalid signature"),
        # One text, so that callers cannot find out which tenants and users exist.
        AuthReason.WRONG_TENANT: (403, "ACCESS_DENIED", "Access denied"),
        AuthReason.WRONG_USER: (403, "ACCESS_DENIED", "Access denied"),
        AuthReason.SCOPE_MISSING: (403, "SCOPE_MISSING", "The API key lacks a scope"),
        AuthReason.BAD_CLIENT_KEY: (401, "INVALID_CLIENT_KEY", "Invalid API key"),
        AuthReason.WRONG_KEY_KIND: (
            403,
            "KEY_KIND_NOT_ALLOWED",
            "This needs a server key",
        ),
    }
)


def bearer_token() -> str | None:
    """Return the credential of `Authorization: Bearer …`, or None."""
    header: str = request.environ.get("HTTP_AUTHORIZATION", "")
    scheme, _, credential = header.partition(" ")
    return credential.strip() or None if scheme.lower() == "bearer" else None


def has_signature() -> bool:
    """Return True if the request is signed instead of carrying a token."""
    return "X-Signature" in request.headers


def authenticate_signature() -> Principal:
    """Return the tenant whose secret signed this request.

    The signature is kept in the environ for `idempotency`, which treats a request with
    the same signature as a repetition.
    """
    signed = read_signed_request()
    principal = authenticate_signed_request(signed, utc_now())
    request.environ[SIGNATURE_ENVIRON_KEY] = signed.signature
    return principal


def read_signed_request() -> SignedRequest:
    """Return the request with every form of the path that may have been signed.

    Clients sign the path percent-encoded as sent or decoded, without the query as the
    Phoenix specification says or with it (`docs/api-contracts.md` 0.12). A path that
    decodes to a line end could be taken for other lines of the signed text, so only
    its encoded form counts (0.32).
    """
    raw = request.environ.get("RAW_URI") or request.full_path
    encoded_path, _, query = raw.partition("?")
    paths = [encoded_path]
    if not has_control_character(request.path):
        paths.append(request.path)
    if query:
        paths += [f"{path}?{query}" for path in paths]
    headers = request.headers
    return SignedRequest(
        method=request.method,
        paths=tuple(dict.fromkeys(paths)),
        body=read_body(request),  # cached, so that the view reads the same bytes
        tenant_id=headers.get("X-Tenant-Id"),
        timestamp=headers.get("X-Timestamp"),
        signature=headers.get("X-Signature"),
    )
