"""Two tenants with data of every kind, and arguments that name it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from coupon_core.observability import audit_context
from tests.authorization.factories import FACTORIES, RouteArguments
from tests.factories.tenant import TenantFactory, create_tenant

OWN_TENANT_ID, OTHER_TENANT_ID = "acme-matrix", "globex-matrix"
USER_ID, OTHER_USER_ID, UNKNOWN_USER_ID = "ann", "bob", "nobody-at-all"
UNKNOWN_UUID = "018f0000-0000-7000-8000-000000000000"
# Unknown values by placeholder; any other placeholder is a UUID.
UNKNOWN_IDS: Mapping[str, str] = {
    "user_id": USER_ID,
    "code": "N0SUCHC0DE",
    "loose_code": "N0SUCHC0DE",
    "held_code": "N0SUCHC0DE",
    "bought_code": "N0SUCHC0DE",
    "redemption_id": "4503599627370495",
    "webhook_id": "4503599627370495",
    "package_id": "4503599627370495",
    "campaign_id": "no-such-campaign",
    "creator_key": "ZZZZZ",
    "creator_code": "N0SUCHC0DE",
    "known_user": "nobody-known",
    "client_key_id": "ak_server_0123456789abcdef01234567",
}


@dataclass
class TenantPair:
    """Two tenants whose data must be invisible to each other."""

    own: TenantFactory = field(
        default_factory=lambda: create_tenant(tenant_id=OWN_TENANT_ID, now=None)
    )
    other: TenantFactory = field(
        default_factory=lambda: create_tenant(tenant_id=OTHER_TENANT_ID, now=None)
    )

    def __post_init__(self) -> None:
        """Create something of every kind for both tenants and both users."""
        for tenant in self.own, self.other:
            for user_id in USER_ID, OTHER_USER_ID:
                create_arguments(tenant, user_id, FACTORIES)


def create_arguments(
    tenant: TenantFactory, user_id: str, names: Iterable[str]
) -> RouteArguments:
    """Create new data of a tenant for a user; return its IDs by placeholder."""
    audit_context.start_context()  # not caused by a previous caller
    found: RouteArguments = {"user_id": user_id}
    for name in names:
        if name not in found:
            found |= FACTORIES[name](tenant, user_id)
    return found


def get_unknown_arguments(names: Iterable[str]) -> RouteArguments:
    """Return an unknown ID for each placeholder."""
    return {name: UNKNOWN_IDS.get(name, UNKNOWN_UUID) for name in names}
