"""Decide what operators may do: by their role in a tenant, and to each other."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from coupon_core.domain.enums import Scope
from coupon_core.domain.models.operators import Membership, Role

ROLE_SCOPES: Mapping[Role, frozenset[Scope]] = MappingProxyType(
    {
        Role.VIEWER: frozenset({Scope.READ}),
        Role.SUPPORT: frozenset({Scope.READ, Scope.SUPPORT}),
        Role.MANAGER: frozenset(
            {Scope.READ, Scope.DEFINITIONS, Scope.COUPONS, Scope.EVENTS, Scope.EXPORT}
        ),
        Role.OWNER: frozenset(Scope),
    }
)


def is_controlled_by(
    owner: Iterable[Membership], operator: Iterable[Membership]
) -> bool:
    """Return True if all memberships of an operator are in tenants of the owner.

    Otherwise the owner of one tenant could lock an operator out of another one.
    """
    owned = {one.tenant_id for one in owner if one.role == Role.OWNER}
    return {one.tenant_id for one in operator} <= owned
