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
from tests.query_gateway.tenant import Tenant

from .world import USER, World

Headers = dict[str, str]
DAY = 86_400
SERVER_KEY, CLIENT_KEY = ClientKeyKind.PLAYCAMP_SERVER, ClientKeyKind.PLAYCAMP_CLIENT


@dataclass(frozen=True)
class Request:
    """What a signature is made over."""

    method: str
    path: str
    body: bytes


Credential = Callable[[Request], Headers]


@dataclass(frozen=True)
class Key:
    """An API key, and what may be made of it."""

    key: ApiKey
    plain: str = field(repr=False)

    def header(self) -> Headers:
        return {"X-API-Key": self.plain}

    def bearer(self) -> Headers:
        return bearing(self.plain)

    def token(self, seconds: int = 300, **claims: Any) -> Headers:
        """An admin JWT of this key."""
        whole = {"sub_type": "admin", "sub_id": self.key.key_id}
        ends = {"exp": int(time.time()) + seconds}
        return bearing(jwt.encode({**whole, **ends, **claims}, self.plain, "HS256"))


def bearing(credential: str) -> Headers:
    return {"Authorization": f"Bearer {credential}"}


def new_key(tenant: Tenant, *scopes: Scope, days: float = 1) -> Key:
    """A key of a tenant with some scopes, by default all."""
    now, ids = utc_now(), (tenant.tenant_id, "matrix")
    ends = now + timedelta(days=days)
    every = frozenset(scopes) or tenants.EVERY_SCOPE
    return Key(*tenants.create_key(None, *ids, every, ends, now))


def credentials_of(world: World) -> dict[str, Credential]:
    """Each kind by name; signatures are made for the request, the rest once."""
    own, other = world.own, world.other
    fixed = {**_odd(), **_tokens(own, other), **_keys(own, other)}
    fixed |= {**_sdks(own), **_others_sdks(other)}
    return {
        **{name: _fixed(headers) for name, headers in fixed.items()},
        **_signatures(own, other),
    }


def _fixed(headers: Headers) -> Credential:
    return lambda _: headers


def _odd() -> dict[str, Headers]:
    basic = base64.b64encode(b"acme:secret").decode()
    return {
        "nothing": {},
        "an empty bearer": bearing(""),
        "a garbage bearer": bearing("garbage"),
        "three dots": bearing("a.b.c"),
        "a garbage key": {"X-API-Key": "pk_garbage"},
        "basic": {"Authorization": f"Basic {basic}"},
        "a garbage pair": bearing("ak_server_1:secret"),
        "a garbage client": {"Authorization": "Basic OmE="},
    }


def _tokens(own: Tenant, other: Tenant) -> dict[str, Headers]:
    """Tenant JWTs; the newest secret is kept by the world's rotation."""
    past = int(time.time()) - DAY
    return {
        "user token": own.bearer(USER),
        "server token": own.bearer(),
        "expired token": own.bearer(USER, exp=past, iat=past - 60),
        "eternal token": own.bearer(USER, exp=int(time.time()) + 40 * DAY),
        "forged token": own.bearer(USER, secret=other.secret),
        "unsigned token": bearing(_unsigned(own.token(USER))),
        "tenant token with sub_type admin": own.bearer(USER, sub_type="admin"),
        "other tenant's user token": other.bearer(USER),
        "other tenant's server token": other.bearer(),
    }


def _unsigned(token: str) -> str:
    header = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').decode()
    return f"{header.rstrip('=')}.{token.split('.')[1]}."


def _keys(own: Tenant, other: Tenant) -> dict[str, Headers]:
    every, foreign, revoked = new_key(own), new_key(other), new_key(own)
    tenants.revoke_key(own.tenant_id, revoked.key.key_id, utc_now())
    scoped = {f"key: {scope}": new_key(own, scope).header() for scope in Scope}
    return {
        **scoped,
        "key": every.header(),
        "key as bearer": every.bearer(),
        "admin token": every.token(),
        "expired admin token": every.token(-DAY),
        "forged admin token": replace(every, plain=own.secret).token(),
        "stolen admin token": replace(foreign, key=every.key).token(),
        "admin token as a tenant's": every.token(
            sub_type="tenant", sub_id=own.tenant_id
        ),
        "revoked key": revoked.header(),
        "admin token of a revoked key": revoked.token(),
        "expired key": new_key(own, days=-1).header(),
        "other tenant's key": foreign.header(),
        "other tenant's admin token": foreign.token(),
    }


def _sdks(own: Tenant) -> dict[str, Headers]:
    """Keys of other systems' SDKs, and the tokens that Mambo's get for them."""
    now, mambo = utc_now(), new_pair(own, ClientKeyKind.MAMBO)
    revoked = new_pair(own, ClientKeyKind.MAMBO)
    revoked_token = issue_client_token(*revoked, now)
    client_keys.revoke(own.tenant_id, revoked[0], now)
    long_ago = now - timedelta(days=1)
    return {
        "Mambo token": bearing(issue_client_token(*mambo, now)),
        "expired Mambo token": bearing(issue_client_token(*mambo, long_ago)),
        "Mambo token of a revoked key": bearing(revoked_token),
        "Mambo key as bearer": bearing(":".join(mambo)),
        "PlayCamp server key": bearing(":".join(new_pair(own, SERVER_KEY))),
        "PlayCamp client key": bearing(":".join(new_pair(own, CLIENT_KEY))),
    }


def _others_sdks(other: Tenant) -> dict[str, Headers]:
    mambo = new_pair(other, ClientKeyKind.MAMBO)
    return {
        "other tenant's Mambo token": bearing(issue_client_token(*mambo, utc_now())),
        "other tenant's PlayCamp key": bearing(":".join(new_pair(other, SERVER_KEY))),
    }


def new_pair(tenant: Tenant, kind: ClientKeyKind) -> tuple[str, str]:
    """The id and the secret of a new key of an SDK."""
    asked = tenant.tenant_id, kind, "matrix", None, utc_now()
    key, secret = client_keys.create(*asked)
    return key.key_id, secret


def _signatures(own: Tenant, other: Tenant) -> Mapping[str, Credential]:
    def signs(tenant: Tenant, **changes: Any) -> Credential:
        return lambda asked: tenant.signed(
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
