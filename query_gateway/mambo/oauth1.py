"""Authentication of Mambo's older SDKs: OAuth 1.0a (docs/api-contracts.md 4.1)."""

from urllib.parse import urlsplit

from flask import current_app, request

from coupon_core.domain.models import utc_now
from coupon_core.domain.models.client_keys import ClientKey
from coupon_core.schemas.errors import ApiError
from coupon_core.security.authentication import (
    TOKEN_KEY_KINDS,
    OAuthCredential,
    OAuthRequest,
    authenticate_oauth1_request,
)
from coupon_core.services.idempotency import compute_digest
from coupon_core.services.used_nonces import NonceReused, use_nonce
from coupon_core.web.authentication import SIGNATURE_ENVIRON_KEY
from coupon_core.web.path_validation import get_raw_path
from coupon_core.web.request_body import read_body

PUBLIC_URL_EXTENSION = "coupon.public_query_url"
FORM_MEDIA_TYPE = "application/x-www-form-urlencoded"
SAFE_METHODS = frozenset({"GET", "HEAD"})
DEFAULT_PORTS = {"http": ":80", "https": ":443"}
CHALLENGE_HEADERS = {"WWW-Authenticate": 'OAuth realm="coupons"'}
NONCE_REUSED_TEXT = (
    "oauth_nonce: already used for a different request; "
    "use a new nonce and sign every request again"
)


def has_oauth1_signature() -> bool:
    """Return True if the request carries `Authorization: OAuth …`."""
    scheme = request.headers.get("Authorization", "").partition(" ")[0]
    return scheme.lower() == "oauth"


def authenticate_oauth1() -> ClientKey:
    """Return the client key that signed the request.

    The same POST with the same nonce is one request: `idempotency` sends the stored
    response.

    Raises:
        Refused: The signature is not valid.
        ApiError: 401 if the nonce was used for a different request.
    """
    is_form = request.mimetype == FORM_MEDIA_TYPE
    form = read_body(request).decode("latin-1") if is_form else ""
    oauth_request = OAuthRequest(
        method=request.method,
        urls=list_signed_urls(),
        queries=(request.environ.get("QUERY_STRING", ""), form),
        authorization=request.headers["Authorization"],
    )
    credential = authenticate_oauth1_request(oauth_request, TOKEN_KEY_KINDS, utc_now())
    if request.method not in SAFE_METHODS:
        _use_nonce(credential)
    return credential.key


def list_signed_urls() -> list[str]:
    """Return the forms in which the caller may have signed the URL, without query.

    Scheme and host come from the setting COUPON_PUBLIC_QUERY_URL. Without it they come
    from the Host header, where a proxy may have changed the scheme.
    """
    paths = dict.fromkeys((get_raw_path(request.environ), request.path))
    public_url: str = current_app.extensions.get(PUBLIC_URL_EXTENSION, "")
    if public_url:
        scheme, host, prefix, *_ = urlsplit(public_url.rstrip("/"))
        origins = [_build_origin(scheme, host) + prefix]
    else:
        origins = [_build_origin(scheme, request.host) for scheme in DEFAULT_PORTS]
    return [origin + path for origin in origins for path in paths]


def _build_origin(scheme: str, host: str) -> str:
    """Return scheme and host in lower case, without a default port."""
    return f"{scheme}://{host.lower().removesuffix(DEFAULT_PORTS[scheme])}"


def _use_nonce(credential: OAuthCredential) -> None:
    key = credential.key
    parts = key.key_id, credential.timestamp, credential.nonce
    fingerprint = compute_digest(
        request.method.encode(),
        request.path.encode(),
        request.environ.get("QUERY_STRING", "").encode("latin-1"),
        read_body(request),  # cached, so that the view reads the same bytes
    )
    try:
        use_nonce(key.tenant_id, parts, fingerprint=fingerprint, now=utc_now())
    except NonceReused:
        raise ApiError(
            401,
            "UnauthorizedException",
            message=NONCE_REUSED_TEXT,
            headers=CHALLENGE_HEADERS,
        ) from None
    request.environ[SIGNATURE_ENVIRON_KEY] = compute_digest(
        b"oauth1", *(part.encode() for part in parts), fingerprint.encode()
    )
