"""Every kind of credential that a caller could try, good and bad, and its headers."""

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
    """What a signature is made over."""

    method: str
    path: str
    body: bytes


Credential = Callable[[Request], Headers]


@dataclass(frozen=True)
class AdminKey:
    """An API key, and what may be made of it."""

    key: ApiKey
    plain_key: str = field(repr=False)

    def to_header(self) -> Headers:
        return {"X-API-Key": self.plain_key}

    def to_bearer(self) -> Headers:
        return build_bearer_headers(self.plain_key)

    def to_admin_token(self, seconds: int = 300, **claims: Any) -> Headers:
        """An admin JWT of this key."""
        whole = {"sub_type": "admin", "sub_id": self.key.key_id}
        ends = {"exp": int(time.time()) + seconds}
        return build_bearer_headers(
            jwt.encode({**whole, **ends, **claims}, self.plain_key, "HS256")
        )


def build_bearer_headers(credential: str) -> Headers:
    return {"Authorization": f"Bearer {credential}"}


def create_api_key(tenant: TenantFactory, *scopes: Scope, days: float = 1) -> AdminKey:
    """A key of a tenant with some scopes, by default all."""
    now, ids = utc_now(), (tenant.tenant_id, "matrix")
    ends = now + timedelta(days=days)
    every = frozenset(scopes) or tenants.ALL_SCOPES
    return AdminKey(*tenants.create_key(None, *ids, every, ends, now))


def build_credentials(world: TenantPair) -> dict[str, Credential]:
    """Each kind by name; signatures are made for the request, the rest once."""
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
    """Tenant JWTs; the newest secret is kept by the world's rotation."""
    past = int(time.time()) - DAY_SECONDS
    return {
        "user token": own.build_bearer_headers(USER_ID),
        "server token": own.build_bearer_headers(),
        "expired token": own.build_bearer_headers(USER_ID, exp=past, iat=past - 60),
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
    every, foreign, revoked = (
        create_api_key(own),
        create_api_key(other),
        create_api_key(own),
    )
    tenants.revoke_key(own.tenant_id, revoked.key.key_id, utc_now())
    scoped = {
        f"key: {scope}": create_api_key(own, scope).to_header() for scope in Scope
    }
    return {
        **scoped,
        "key": every.to_header(),
        "key as bearer": every.to_bearer(),
        "admin token": every.to_admin_token(),
        "expired admin token": every.to_admin_token(-DAY_SECONDS),
        "forged admin token": replace(every, plain_key=own.secret).to_admin_token(),
        "stolen admin token": replace(foreign, key=every.key).to_admin_token(),
        "admin token as a tenant's": every.to_admin_token(
            sub_type="tenant", sub_id=own.tenant_id
        ),
        "revoked key": revoked.to_header(),
        "admin token of a revoked key": revoked.to_admin_token(),
        "expired key": create_api_key(own, days=-1).to_header(),
        "other tenant's key": foreign.to_header(),
        "other tenant's admin token": foreign.to_admin_token(),
    }


def _build_sdk_credentials(own: TenantFactory) -> dict[str, Headers]:
    """Keys of other systems' SDKs, and the tokens that Mambo's get for them."""
    now, mambo = utc_now(), create_client_key(own, ClientKeyKind.MAMBO)
    revoked = create_client_key(own, ClientKeyKind.MAMBO)
    revoked_token = issue_client_token(*revoked, now)
    client_keys.revoke(own.tenant_id, revoked[0], now)
    long_ago = now - timedelta(days=1)
    return {
        "Mambo token": build_bearer_headers(issue_client_token(*mambo, now)),
        "expired Mambo token": build_bearer_headers(
            issue_client_token(*mambo, long_ago)
        ),
        "Mambo token of a revoked key": build_bearer_headers(revoked_token),
        "Mambo key as bearer": build_bearer_headers(":".join(mambo)),
        "PlayCamp server key": build_bearer_headers(
            ":".join(create_client_key(own, SERVER_KEY))
        ),
        "PlayCamp client key": build_bearer_headers(
            ":".join(create_client_key(own, CLIENT_KEY))
        ),
    }


def _build_foreign_sdk_credentials(other: TenantFactory) -> dict[str, Headers]:
    mambo = create_client_key(other, ClientKeyKind.MAMBO)
    return {
        "other tenant's Mambo token": build_bearer_headers(
            issue_client_token(*mambo, utc_now())
        ),
        "other tenant's PlayCamp key": build_bearer_headers(
            ":".join(create_client_key(other, SERVER_KEY))
        ),
    }


def create_client_key(tenant: TenantFactory, kind: ClientKeyKind) -> tuple[str, str]:
    """The id and the secret of a new key of an SDK."""
    asked = tenant.tenant_id, kind, "matrix", None, utc_now()
    key, secret = client_keys.create(*asked)
    return key.key_id, secret


def _build_signatures(
    own: TenantFactory, other: TenantFactory
) -> Mapping[str, Credential]:
    def signs(tenant: TenantFactory, **changes: Any) -> Credential:
        return lambda asked: tenant.sign_request(
            asked.method, asked.path.partition("?")[0], asked.body, **changes
        )

    def forged(asked: Request) -> Headers:
        return signs(own, secret=other.secret)(asked)

    stale = str(int(time.time()) - 3_600)
    return {
        "signature": signs(own),
        "stale signature": signs(own, timestamp=stale),
        "forged signature": forged,
        "other tenant's signature": signs(other),
    }
