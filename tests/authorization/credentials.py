"""Every kind of valid and invalid credential, with its headers."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import jwt

from coupon_core.domain.models import ApiKey, Scope, utc_now
from coupon_core.domain.models.client_keys import ClientKeyKind
from coupon_core.security.authentication import issue_client_token
from coupon_core.services.access import client_keys, tenants
from tests.authorization.tenants import USER_ID, TenantPair
from tests.factories.tenant import TenantFactory

Headers = dict[str, str]
DAY_SECONDS = 86_400
SERVER_KEY, CLIENT_KEY = ClientKeyKind.PLAYCAMP_SERVER, ClientKeyKind.PLAYCAMP_CLIENT


@dataclass(frozen=True)
class Request:
    """The parts of a request that a signature covers."""

    method: str
    path: str
    body: bytes


Credential = Callable[[Request], Headers]


@dataclass(frozen=True)
class AdminKey:
    """An API key and the credentials derived from it."""

    key: ApiKey
    plain_key: str = field(repr=False)

    def to_header(self) -> Headers:
        """Return headers with the key in `X-API-Key`."""
        return {"X-API-Key": self.plain_key}

    def to_bearer(self) -> Headers:
        """Return headers with the key as a bearer token."""
        return build_bearer_headers(self.plain_key)

    def to_admin_token(self, seconds: int = 3_600, **claims: Any) -> Headers:
        """Return an admin JWT of this key."""
        defaults = {
            "sub_type": "admin",
            "sub_id": self.key.key_id,
            "exp": int(time.time()) + seconds,
        }
        token = jwt.encode({**defaults, **claims}, self.plain_key, "HS256")
        return build_bearer_headers(token)


def build_bearer_headers(credential: str) -> Headers:
    """Return headers with a bearer token."""
    return {"Authorization": f"Bearer {credential}"}


def create_api_key(tenant: TenantFactory, *scopes: Scope, days: float = 1) -> AdminKey:
    """Create an API key with some scopes, by default with all."""
    now = utc_now()
    expires_at = now + timedelta(days=days)
    granted_scopes = frozenset(scopes) or tenants.ALL_SCOPES
    key, plain_key = tenants.create_key(
        None,
        tenant.tenant_id,
        name="matrix",
        scopes=granted_scopes,
        expires_at=expires_at,
        now=now,
    )
    return AdminKey(key, plain_key)


def build_credentials(world: TenantPair) -> dict[str, Credential]:
    """Return each credential by name; signatures are computed for each request."""
    own, other = world.own, world.other
    fixed = {
        **_build_malformed(),
        **_build_tenant_tokens(own, other),
        **_build_api_keys(own, other),
    }
    fixed |= {**_build_sdk_credentials(own), **_build_foreign_sdk_credentials(other)}
    return {
        **{name: _to_credential(headers) for name, headers in fixed.items()},
        **_build_signatures(own, other),
    }


def _to_credential(headers: Headers) -> Credential:
    return lambda _: headers


def _build_malformed() -> dict[str, Headers]:
    basic = base64.b64encode(b"acme:secret").decode()
    return {
        "nothing": {},
        "an empty bearer": build_bearer_headers(""),
        "a garbage bearer": build_bearer_headers("garbage"),
        "three dots": build_bearer_headers("a.b.c"),
        "a garbage key": {"X-API-Key": "pk_garbage"},
        "basic": {"Authorization": f"Basic {basic}"},
        "a garbage pair": build_bearer_headers("ak_server_1:secret"),
        "a garbage client": {"Authorization": "Basic OmE="},
    }


def _build_tenant_tokens(
    own: TenantFactory, other: TenantFactory
) -> dict[str, Headers]:
    """Return tenant JWTs; rotating secrets keeps the newest one valid."""
    yesterday = int(time.time()) - DAY_SECONDS
    return {
        "user token": own.build_bearer_headers(USER_ID),
        "server token": own.build_bearer_headers(),
        "expired token": own.build_bearer_headers(
            USER_ID, exp=yesterday, iat=yesterday - 60
        ),
        "eternal token": own.build_bearer_headers(
            USER_ID, exp=int(time.time()) + 40 * DAY_SECONDS
        ),
        "forged token": own.build_bearer_headers(USER_ID, secret=other.secret),
        "unsigned token": build_bearer_headers(
            _remove_signature(own.mint_token(USER_ID))
        ),
        "tenant token with sub_type admin": own.build_bearer_headers(
            USER_ID, sub_type="admin"
        ),
        "other tenant's user token": other.build_bearer_headers(USER_ID),
        "other tenant's server token": other.build_bearer_headers(),
    }


def _remove_signature(token: str) -> str:
    header = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').decode()
    return f"{header.rstrip('=')}.{token.split('.')[1]}."


def _build_api_keys(own: TenantFactory, other: TenantFactory) -> dict[str, Headers]:
    full_key, foreign_key, revoked_key = (
        create_api_key(own),
        create_api_key(other),
        create_api_key(own),
    )
    tenants.revoke_key(own.tenant_id, revoked_key.key.key_id, utc_now())
    scoped = {
        f"key: {scope}": create_api_key(own, scope).to_header() for scope in Scope
    }
    return {
        **scoped,
        "key": full_key.to_header(),
        "key as bearer": full_key.to_bearer(),
        "admin token": full_key.to_admin_token(),
        "expired admin token": full_key.to_admin_token(-DAY_SECONDS),
        "forged admin token": replace(full_key, plain_key=own.secret).to_admin_token(),
        "stolen admin token": replace(foreign_key, key=full_key.key).to_admin_token(),
        "admin token as a tenant's": full_key.to_admin_token(
            sub_type="tenant", sub_id=own.tenant_id
        ),
        "revoked key": revoked_key.to_header(),
        "admin token of a revoked key": revoked_key.to_admin_token(),
        "expired key": create_api_key(own, days=-1).to_header(),
        "other tenant's key": foreign_key.to_header(),
        "other tenant's admin token": foreign_key.to_admin_token(),
    }


def _build_sdk_credentials(own: TenantFactory) -> dict[str, Headers]:
    """Return SDK keys of other systems, and the tokens that Mambo's keys yield."""
    now, mambo_key = utc_now(), own.create_client_key(ClientKeyKind.MAMBO)
    revoked_key = own.create_client_key(ClientKeyKind.MAMBO)
    revoked_token = issue_client_token(*revoked_key, now)
    client_keys.revoke(own.tenant_id, revoked_key[0], now)
    long_ago = now - timedelta(days=1)
    return {
        "Mambo token": build_bearer_headers(issue_client_token(*mambo_key, now)),
        "expired Mambo token": build_bearer_headers(
            issue_client_token(*mambo_key, long_ago)
        ),
        "Mambo token of a revoked key": build_bearer_headers(revoked_token),
        "Mambo key as bearer": build_bearer_headers(":".join(mambo_key)),
        "PlayCamp server key": build_bearer_headers(
            ":".join(own.create_client_key(SERVER_KEY))
        ),
        "PlayCamp client key": build_bearer_headers(
            ":".join(own.create_client_key(CLIENT_KEY))
        ),
    }


def _build_foreign_sdk_credentials(other: TenantFactory) -> dict[str, Headers]:
    mambo_key = other.create_client_key(ClientKeyKind.MAMBO)
    return {
        "other tenant's Mambo token": build_bearer_headers(
            issue_client_token(*mambo_key, utc_now())
        ),
        "other tenant's PlayCamp key": build_bearer_headers(
            ":".join(other.create_client_key(SERVER_KEY))
        ),
    }


def _build_signatures(
    own: TenantFactory, other: TenantFactory
) -> Mapping[str, Credential]:
    def build_signer(tenant: TenantFactory, **changes: Any) -> Credential:
        return lambda request: tenant.sign_request(
            request.method, request.path.partition("?")[0], request.body, **changes
        )

    def sign_with_foreign_secret(request: Request) -> Headers:
        return build_signer(own, secret=other.secret)(request)

    stale = str(int(time.time()) - 3_600)
    return {
        "signature": build_signer(own),
        "stale signature": build_signer(own, timestamp=stale),
        "forged signature": sign_with_foreign_secret,
        "other tenant's signature": build_signer(other),
    }
