"""Sign in at an OpenID Connect provider: authorization code flow with PKCE.

This module needs the extra `oidc`. Authlib validates the ID token (OpenID Connect Core
1.0, section 3.1.3.7); this module decides what else is required.
"""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import structlog
from authlib.integrations.base_client import (
    BaseApp,
    OAuth2Mixin,
    OAuthError,
    OpenIDMixin,
)
from authlib.integrations.requests_client import OAuth2Session
from cachetools import TTLCache, cached
from joserfc.errors import JoseError
from requests import RequestException

from coupon_core.domain.models import OperatorReason, Refused
from coupon_core.domain.models.operators import ProviderAccount
from coupon_core.security.provider_sign_in import Challenge, ProviderUnavailable
from coupon_core.security.thread_queue import ThreadQueue

log = structlog.get_logger("coupon.oidc")

DISCOVERY_PATH = "/.well-known/openid-configuration"
SCOPE = "openid email"
# Signatures with the provider's key only: "none" proves nothing, and with HS256 the
# secret of the client would be the key.
ALGORITHMS = [
    f"{kind}{bits}" for kind in ("RS", "PS", "ES") for bits in (256, 384, 512)
]
AUTH_METHODS = ("client_secret_basic", "client_secret_post")
METADATA_SECONDS = 3_600
TIMEOUT_SECONDS = 5.0
LEEWAY_SECONDS = 60
MAX_CALLS, MAX_WAITING, MAX_WAIT_SECONDS = 2, 1, 2.0
MAX_SUBJECT_LENGTH = 255  # OpenID Connect Core 1.0, section 2


_MALFORMED = (LookupError, TypeError)  # a document of another shape


class _Client(OAuth2Mixin, OpenIDMixin, BaseApp):
    client_cls = OAuth2Session


class Provider:
    """The OpenID Connect provider at which operators sign in.

    A slow provider occupies at most MAX_CALLS + MAX_WAITING threads of a process.
    """

    def __init__(
        self, issuer: str, client_id: str, *, client_secret: str, callback_url: str
    ) -> None:
        self._issuer = issuer
        self._client_id = client_id
        self._client_secret = client_secret
        self._callback_url = callback_url
        self._queue = ThreadQueue(
            MAX_CALLS,
            MAX_WAITING,
            max_seconds=MAX_WAIT_SECONDS,
            build_error=ProviderUnavailable,
        )
        cache: TTLCache[Any, _Client] = TTLCache(1, METADATA_SECONDS)
        self._connect = cached(cache, lock=threading.Lock())(self._load_client)

    def start(self) -> tuple[str, Challenge]:
        """Return the URL at the provider that signs in, and what its answer must match.

        Raises:
            ProviderUnavailable: The provider cannot be reached, or is not as expected.
        """
        with self._call() as client:
            started = client.create_authorization_url(self._callback_url)
        return started["url"], Challenge(
            started["state"], started["nonce"], started["code_verifier"]
        )

    def finish(self, code: str, challenge: Challenge) -> ProviderAccount:
        """Return the account that a code of the provider stands for.

        Raises:
            Refused: The code or the ID token is invalid, or not for this sign-in.
            ProviderUnavailable: The provider cannot be reached, or is not as expected.
        """
        with self._call() as client:
            token = client.fetch_access_token(
                self._callback_url, code=code, code_verifier=challenge.code_verifier
            )
            claims = client.parse_id_token(
                token, challenge.nonce, leeway=LEEWAY_SECONDS
            )
            if claims is None:
                raise Refused(OperatorReason.PROVIDER_REFUSED)
            return _to_account({**_read_user(client, token, claims), **claims})

    @contextmanager
    def _call(self) -> Iterator[_Client]:
        try:
            with self._queue.take_turn():
                yield self._connect()
        except (OAuthError, JoseError) as error:
            log.warning("oidc_refused", reason=error.error, kind=type(error).__name__)
            raise Refused(OperatorReason.PROVIDER_REFUSED) from error
        except (RequestException, RuntimeError, ValueError, *_MALFORMED) as error:
            log.warning("oidc_unavailable", kind=type(error).__name__)
            raise ProviderUnavailable from error

    def _load_client(self) -> _Client:
        client = _Client(
            None,
            client_id=self._client_id,
            client_secret=self._client_secret,
            server_metadata_url=self._issuer.rstrip("/") + DISCOVERY_PATH,
            client_kwargs={
                "scope": SCOPE,
                "code_challenge_method": "S256",
                "default_timeout": TIMEOUT_SECONDS,
            },
        )
        metadata = client.load_server_metadata()
        if metadata.get("issuer") != self._issuer:
            log.warning("oidc_other_issuer", expected=self._issuer)
            raise ProviderUnavailable
        metadata["id_token_signing_alg_values_supported"] = ALGORITHMS
        known = metadata.get("token_endpoint_auth_methods_supported", AUTH_METHODS)
        method = next((one for one in AUTH_METHODS if one in known), AUTH_METHODS[0])
        client.client_kwargs["token_endpoint_auth_method"] = (
            method if self._client_secret else "none"
        )
        return client


def _read_user(
    client: _Client, token: Mapping[str, Any], claims: Mapping[str, Any]
) -> Mapping[str, Any]:
    """Return what only the UserInfo endpoint says; some providers send no e-mail."""
    if "email" in claims or "userinfo_endpoint" not in client.server_metadata:
        return {}
    user: Mapping[str, Any] = client.userinfo(token=token)
    return user if user.get("sub") == claims["sub"] else {}


def _to_account(claims: Mapping[str, Any]) -> ProviderAccount:
    subject, email = claims["sub"], claims.get("email")
    is_subject = isinstance(subject, str) and 0 < len(subject) <= MAX_SUBJECT_LENGTH
    if not is_subject:
        raise Refused(OperatorReason.PROVIDER_REFUSED)
    # Entra ID has a claim of its own, and some providers send texts.
    confirmed = claims.get("email_verified", claims.get("xms_edov"))
    is_verified = str(confirmed).lower() in ("true", "1")
    verified = email if is_verified and isinstance(email, str) else ""
    return ProviderAccount(claims["iss"], subject, verified)
