"""Two tenants with some of everything, and what is asked for in their names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from coupon_core.observability import audit_context
from tests.query_gateway.tenant import Tenant, new_tenant

from .things import MAKERS, Args

OWN, OTHER = "acme-matrix", "globex-matrix"
USER, OTHER_USER, NO_USER = "ann", "bob", "nobody-at-all"
NO_ID = "018f0000-0000-7000-8000-000000000000"
# What is nowhere; a name that is not here is an id.
MISSING: Mapping[str, str] = {
    "user_id": USER,
    "code": "N0SUCHC0DE",
    "loose_code": "N0SUCHC0DE",
    "held_code": "N0SUCHC0DE",
    "bought_code": "N0SUCHC0DE",
    "webhook_id": "4503599627370495",
    "package_id": "4503599627370495",
    "campaign_id": "no-such-campaign",
    "creator_key": "ZZZZZ",
    "creator_code": "N0SUCHC0DE",
    "known_user": "nobody-known",
    "client_key_id": "ak_server_0123456789abcdef01234567",
}


@dataclass
class World:
    """Two tenants; whatever is asked of the one must not exist for the other."""

    own: Tenant = field(default_factory=lambda: new_tenant(tenant_id=OWN))
    other: Tenant = field(default_factory=lambda: new_tenant(tenant_id=OTHER))

    def __post_init__(self) -> None:
        """Each has something of every kind, that no list may show to the other."""
        for tenant in self.own, self.other:
            for user_id in USER, OTHER_USER:
                fresh(tenant, user_id, MAKERS)


def fresh(tenant: Tenant, user_id: str, names: Iterable[str]) -> Args:
    """New things of a tenant, in the hands of a user: their ids by name."""
    audit_context.begin()  # whoever called last had no hand in this
    found: Args = {"user_id": user_id}
    for name in names:
        if name not in found:
            found |= MAKERS[name](tenant, user_id)
    return found


def missing(names: Iterable[str]) -> Args:
    """Ids by name that nothing has."""
    return {name: MISSING.get(name, NO_ID) for name in names}
