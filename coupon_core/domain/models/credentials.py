"""Credentials of tenants, and the authenticated principal."""

from dataclasses import dataclass, field
from datetime import datetime

from coupon_core.domain.enums import Scope


@dataclass(frozen=True, slots=True)
class ApiKey:
    """An API key of an administrator, without its secret."""

    tenant_id: str
    key_id: str
    name: str
    scopes: frozenset[Scope]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class TenantSecret:
    """A signing secret of a tenant, in plain text."""

    tenant_id: str
    secret_id: str
    secret: str = field(repr=False)
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Principal:
    """The authenticated caller: an API key, a tenant's server, or a user.

    `user_id` is None for callers that act for all users of their tenant.
    """

    tenant_id: str
    user_id: str | None = None
    key_id: str | None = None
    scopes: frozenset[Scope] = frozenset()
    key_name: str = ""
