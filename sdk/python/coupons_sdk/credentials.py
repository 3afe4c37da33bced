"""Credentials, and the tokens that a server mints for its players."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from coupons_sdk.errors import ConfigurationError

MAX_TOKEN_LIFETIME_SECONDS = 30 * 24 * 3600


class Credential(Protocol):
    """What authenticates a request."""

    def build_headers(
        self, method: str, target: bytes, body: bytes
    ) -> Mapping[str, str]:
        """Return the headers for one try of a request."""
        ...


@dataclass(frozen=True)
class TenantToken:
    """A tenant JWT, made by `mint_token` or by your server.

    `token` is the text, or a function that returns it: called before each request, so
    that you can renew tokens that expire.

    >>> token = mint_token(tenant_id, tenant_secret, user_id="zoe")
    >>> with Coupons(query_url, TenantToken(token)) as player:
    ...     player.list("zoe").page().total
    0
    """

    token: str | Callable[[], str] = field(repr=False)

    def build_headers(
        self, method: str, target: bytes, body: bytes
    ) -> Mapping[str, str]:
        """Return the Authorization header."""
        token = self.token() if callable(self.token) else self.token
        return {"Authorization": f"Bearer {require_secret(token, 'token')}"}


@dataclass(frozen=True)
class Hmac:
    """The tenant secret, with which each try of a request is signed again.

    It acts for any user of the tenant. Never give it to a player's device.

    >>> with Coupons(query_url, Hmac(tenant_id, tenant_secret)) as server:
    ...     server.list("zoe").page().total
    0
    """

    tenant_id: str
    secret: str = field(repr=False)

    def __post_init__(self) -> None:
        require_tenant(self.tenant_id)

    def build_headers(
        self, method: str, target: bytes, body: bytes
    ) -> Mapping[str, str]:
        """Return the headers of docs/api-contracts.md 2.1, with the current time."""
        timestamp = str(int(time.time()))
        signed = b"\n".join((method.encode(), target, timestamp.encode(), body))
        key = require_secret(self.secret, "secret").encode()
        return {
            "X-Tenant-Id": self.tenant_id,
            "X-Timestamp": timestamp,
            "X-Signature": f"hmac-sha256={hmac.digest(key, signed, 'sha256').hex()}",
        }


@dataclass(frozen=True)
class ApiKey:
    """An API key of the admin gateway (`pk_…`).

    >>> with CouponsAdmin(admin_url, ApiKey(api_key), tenant_id=tenant_id) as client:
    ...     client.api_keys.get_own().tenant_id == tenant_id
    True
    """

    key: str = field(repr=False)

    def build_headers(
        self, method: str, target: bytes, body: bytes
    ) -> Mapping[str, str]:
        """Return the X-API-Key header."""
        return {"X-API-Key": require_secret(self.key, "key")}


def require_secret(text: str, name: str) -> str:
    """Return a secret that can be sent in a header.

    Raises:
        ConfigurationError: It is no text, empty, or contains blanks or line ends.
    """
    if not isinstance(text, str) or not text:
        raise ConfigurationError(
            f"The {name} of the credential is missing: expected text. If it comes from "
            "a variable of the environment, set that one."
        )
    if not text.isascii() or not text.isprintable() or " " in text:
        raise ConfigurationError(
            f"The {name} of the credential contains blanks, line ends or characters "
            "that are not ASCII. Remove what was copied along with it."
        )
    return text


def require_tenant(tenant_id: str) -> str:
    """Return the ID of a tenant.

    Raises:
        ConfigurationError: It is no text, or empty.
    """
    if not isinstance(tenant_id, str) or not tenant_id:
        raise ConfigurationError("The tenant ID is missing: expected text, as in acme.")
    return tenant_id


def mint_token(
    tenant_id: str,
    secret: str,
    *,
    user_id: str | None = None,
    lifetime_seconds: float = 3600,
    now: float | None = None,
) -> str:
    """Return a tenant JWT, signed with the tenant secret.

    With `user_id` it acts for this user only, so that a player's device may have it.

    >>> token = mint_token(tenant_id, tenant_secret, user_id=user_id)
    >>> with Coupons(query_url, TenantToken(token)) as player:
    ...     player.redeem(code, user_id).user_id == user_id
    True

    Raises:
        ConfigurationError: The lifetime is not within 30 days, or something is missing.
    """
    if not 0 < lifetime_seconds <= MAX_TOKEN_LIFETIME_SECONDS:
        raise ConfigurationError(
            f"Invalid lifetime_seconds {lifetime_seconds}: expected up to 30 days."
        )
    issued_at = int(time.time() if now is None else now)
    claims = {
        **({} if user_id is None else {"sub": user_id}),
        **{"sub_type": "tenant", "sub_id": require_tenant(tenant_id)},
        **{"iat": issued_at, "exp": issued_at + int(lifetime_seconds)},
    }
    parts = [{"alg": "HS256", "typ": "JWT"}, claims]
    signed = ".".join(_encode(json.dumps(part).encode()) for part in parts)
    key = require_secret(secret, "secret").encode()
    signature = hmac.digest(key, signed.encode(), hashlib.sha256)
    return f"{signed}.{_encode(signature)}"


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
