"""Who is calling: keys, secrets and principals."""

from dataclasses import dataclass, field
from datetime import datetime

from coupon_core.domain.enums import Scope


@dataclass(frozen=True, slots=True)
class ApiKey:
    """An admin's key, without its secret."""

    tenant_id: str
    key_id: str
    name: str
    scopes: frozenset[Scope]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class TenantSecret:
    """One of a tenant's signing secrets, in the clear."""

    tenant_id: str
    secret_id: str
    secret: str = field(repr=False)
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is calling: a tenant's key, a tenant's server, or one of its users.

    `user_id` is None for callers that speak for every user of their tenant.
    """

    tenant_id: str
    user_id: str | None = None
    key_id: str | None = None
    scopes: frozenset[Scope] = frozenset()
