"""Keys and secrets."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from coupons_sdk.documents import Document


@dataclass(frozen=True, kw_only=True)
class ApiKey(Document):
    """An API key, without its text."""

    key_id: str
    name: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class OwnApiKey(Document):
    """The API key of the caller, and its tenant."""

    key_id: str
    tenant_id: str
    name: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class NewApiKey(Document):
    """A new API key; `api_key` is shown only once."""

    key_id: str
    name: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    api_key: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class ClientKey(Document):
    """A key for PlayCamp's or Mambo's SDK, without its secret."""

    key_id: str
    kind: str
    name: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class NewClientKey(Document):
    """A new client key; its secret is shown only once."""

    key_id: str
    kind: str
    name: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    secret: str = field(repr=False)
    credential: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class TenantSecret(Document):
    """A tenant secret, without its text."""

    secret_id: str
    created_at: datetime


@dataclass(frozen=True, kw_only=True)
class NewTenantSecret(Document):
    """A new tenant secret, shown only once."""

    secret_id: str
    created_at: datetime
    tenant_secret: str = field(repr=False)
