"""Authenticate requests signed with OAuth 1.0a, two-legged, HMAC-SHA1 (RFC 5849).

See `docs/api-contracts.md` 4.1. The signature covers the body only if that is a form.
"""

import base64
import hmac
import re
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote_from_bytes, unquote_to_bytes

from coupon_core.domain.models import AuthReason, Refused
from coupon_core.domain.models.client_keys import ClientKey, ClientKeyKind
from coupon_core.security.authentication.client_keys import load_client_key_and_secret
from coupon_core.security.authentication.request_signatures import (
    SIGNING_WINDOW_SECONDS,
)

SIGNATURE_METHOD = "HMAC-SHA1"
REQUIRED_PARAMETERS = (
    "oauth_consumer_key",
    "oauth_signature_method",
    "oauth_timestamp",
    "oauth_nonce",
    "oauth_signature",
)
MAX_NONCE_LENGTH = 255
_UNRESERVED = "-._~"
_find_parameters = re.compile(r'\s*([^\s=",]+)="([^"]*)"\s*(?:,|\Z)').finditer
_match_timestamp = re.compile(r"[0-9]{1,12}").fullmatch


@dataclass(frozen=True, slots=True)
class OAuthRequest:
    """The parts of a request that its signature covers, as received.

    `urls` are the forms in which the caller may have signed the URL, without query.
    `queries` are encoded: the query, and the body if it is a form.
    """

    method: str
    urls: Sequence[str]
    queries: Sequence[str]
    authorization: str


@dataclass(frozen=True, slots=True)
class OAuthCredential:
    """A verified signature: its key, and what identifies the request."""

    key: ClientKey
    timestamp: str
    nonce: str


def authenticate_oauth1_request(
    request: OAuthRequest, kinds: Set[ClientKeyKind], now: datetime
) -> OAuthCredential:
    """Return the credential that signed a request.

    Raises:
        Refused: A parameter is missing or not supported, the timestamp is outside the
            signing window, or the key or the signature is wrong.
    """
    parameters = _parse_authorization(request.authorization)
    _check_timestamp(parameters["oauth_timestamp"], now.timestamp())
    try:
        key, secret = load_client_key_and_secret(
            parameters["oauth_consumer_key"], kinds, now
        )
    except Refused:
        # One text, so that callers cannot find out which keys exist.
        raise Refused(AuthReason.BAD_SIGNATURE) from None
    expected = _compute_signatures(request, parameters, secret)
    provided = parameters["oauth_signature"].encode("utf-8", "replace")
    # A list, not a generator: the time must not depend on which signature matches.
    if not any([hmac.compare_digest(provided, signature) for signature in expected]):
        raise Refused(AuthReason.BAD_SIGNATURE)
    return OAuthCredential(
        key, parameters["oauth_timestamp"], parameters["oauth_nonce"]
    )


def _parse_authorization(header: str) -> dict[str, str]:
    """Return the decoded parameters of an Authorization header, without the realm."""
    text = header.partition(" ")[2]
    matches = list(_find_parameters(text))
    pairs = [(_decode(match[1]), _decode(match[2])) for match in matches]
    parameters = dict(pairs)
    is_complete = sum(len(match[0]) for match in matches) == len(text)
    if not is_complete or len(parameters) < len(pairs):
        raise Refused(AuthReason.MISSING_HEADER)
    if not all(parameters.get(name) for name in REQUIRED_PARAMETERS):
        raise Refused(AuthReason.MISSING_HEADER)
    parameters.pop("realm", None)
    if not _is_supported(parameters):
        raise Refused(AuthReason.MISSING_HEADER)
    return parameters


def _is_supported(parameters: Mapping[str, str]) -> bool:
    return (
        parameters["oauth_signature_method"] == SIGNATURE_METHOD
        and parameters.get("oauth_version", "1.0") == "1.0"
        and not parameters.get("oauth_token")  # two-legged
        and len(parameters["oauth_nonce"]) <= MAX_NONCE_LENGTH
    )


def _check_timestamp(timestamp: str, now: float) -> None:
    is_number = _match_timestamp(timestamp)
    if not is_number or abs(now - int(timestamp)) > SIGNING_WINDOW_SECONDS:
        raise Refused(AuthReason.BAD_TIMESTAMP)


def _compute_signatures(
    request: OAuthRequest, parameters: Mapping[str, str], secret: str
) -> list[bytes]:
    """Return the signature of each form of the URL (RFC 5849, section 3.4)."""
    key = f"{_encode(secret.encode())}&".encode()
    pairs = [
        (_encode(name.encode()), _encode(value.encode()))
        for name, value in parameters.items()
        if name != "oauth_signature"
    ]
    for query in request.queries:
        pairs += _normalize_query(query)
    text = "&".join(f"{name}={value}" for name, value in sorted(pairs))
    return [_sign(key, (request.method.upper(), url, text)) for url in request.urls]


def _normalize_query(query: str) -> Iterable[tuple[str, str]]:
    for pair in filter(None, query.split("&")):
        name, _, value = pair.replace("+", " ").partition("=")
        yield _encode(_unquote(name)), _encode(_unquote(value))


def _sign(key: bytes, parts: Sequence[str]) -> bytes:
    base_string = "&".join(_encode(part.encode("utf-8")) for part in parts)
    digest = hmac.digest(key, base_string.encode(), "sha1")
    return base64.b64encode(digest)


def _unquote(text: str) -> bytes:
    return unquote_to_bytes(text.encode("latin-1", "replace"))


def _decode(text: str) -> str:
    return _unquote(text).decode("utf-8", "replace")


def _encode(value: bytes) -> str:
    return quote_from_bytes(value, safe=_UNRESERVED)
