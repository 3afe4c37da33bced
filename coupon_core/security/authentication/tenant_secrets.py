"""The tenants' signing secrets, remembered for a second."""

import time
from collections.abc import Iterator

from coupon_core.domain.identifiers import is_tenant_id
from coupon_core.domain.models import TenantSecret
from coupon_core.persistence.repositories import tenants
from coupon_core.security import encryption
from coupon_core.security.bounded_cache import Recent

FRESH_SECONDS = 1.0  # for which a tenant's secrets are not read again
MOST_TENANTS = 1_024

_known: Recent[tuple[float, tuple[str, ...]]] = Recent(MOST_TENANTS)


def active(tenant_id: str) -> tuple[str, ...]:
    """A tenant's active secrets, at most a second old; none for an unknown tenant."""
    known = _known.get(tenant_id)
    return known[1] if known and time.monotonic() <= known[0] else _read(tenant_id)


def tries(tenant_id: str) -> Iterator[tuple[str, ...]]:
    """The secrets to verify with: those known and, should none fit, those of now.

    Secrets that are a second old may just have been replaced.
    """
    yield active(tenant_id)
    yield _read(tenant_id)


def load_secrets(tenant_id: str) -> list[TenantSecret]:
    """Return a tenant's signing secrets, newest first, as the database has them now.

    The list is empty if there is no such tenant.
    """
    return [
        TenantSecret(tenant_id, secret_id, encryption.unseal(sealed), created_at)
        for secret_id, sealed, created_at in tenants.secrets(tenant_id)
    ]


def _read(tenant_id: str) -> tuple[str, ...]:
    if not is_tenant_id(tenant_id):
        return ()  # nor may it come near the database: NUL is an error there
    until = time.monotonic() + FRESH_SECONDS
    found = tuple(secret.secret for secret in load_secrets(tenant_id))
    _known.put(tenant_id, (until, found))
    return found


def forget() -> None:
    """Read all secrets anew."""
    _known.clear()
