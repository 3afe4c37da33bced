"""Decide what the scopes of an API key allow, beyond what each of them names.

See docs/api-contracts.md 0.43.
"""

from collections.abc import Mapping, Set
from types import MappingProxyType

from coupon_core.domain.enums import Scope
from coupon_core.domain.models.client_keys import ClientKeyKind

ORIGINAL_SCOPES = frozenset(
    {Scope.READ, Scope.DEFINITIONS, Scope.COUPONS, Scope.KEYS, Scope.EVENTS}
)
"""The scopes that the first release knows; the others are stored separately."""

# A scope is also granted by each of these.
_CONTAINING_SCOPES: Mapping[Scope, frozenset[Scope]] = MappingProxyType(
    {Scope.SUPPORT: frozenset({Scope.COUPONS})}
)
_FULL_ACCESS = frozenset({Scope.READ, Scope.DEFINITIONS, Scope.COUPONS, Scope.EVENTS})

# A credential must not be able to do more than the key that creates it. These scopes
# are needed in addition to `keys`.
SECRET_ROTATION_SCOPES = frozenset({Scope.COUPONS})
CLIENT_KEY_SCOPES: Mapping[ClientKeyKind, frozenset[Scope]] = MappingProxyType(
    {
        ClientKeyKind.PLAYCAMP_SERVER: _FULL_ACCESS,
        ClientKeyKind.PLAYCAMP_CLIENT: frozenset({Scope.READ}),
        ClientKeyKind.MAMBO: _FULL_ACCESS,
    }
)
# Events without codes; all others, also future ones, are taken to carry them.
_EVENT_TYPES_WITHOUT_CODES = frozenset(
    {"batch.completed", "definition.exhausted", "definition.expiring"}
)


def list_granting_scopes(scope: Scope) -> list[Scope]:
    """Return the scopes that grant a scope: itself first, then those containing it."""
    return [scope, *sorted(_CONTAINING_SCOPES.get(scope, ()))]


def find_missing_scopes(granted: Set[Scope], required: Set[Scope]) -> list[Scope]:
    """Return the required scopes that are neither granted nor contained in one."""
    return sorted(
        scope for scope in required if granted.isdisjoint(list_granting_scopes(scope))
    )


def get_webhook_scopes(event_type: str) -> frozenset[Scope]:
    """Return what is needed besides `events` to direct this event to a URL."""
    has_codes = event_type not in _EVENT_TYPES_WITHOUT_CODES
    return frozenset({Scope.READ}) if has_codes else frozenset()
