"""Check what an authenticated caller is allowed to do."""

from collections.abc import Set

from coupon_core.domain.models import (
    AuthReason,
    Principal,
    Refused,
    Scope,
)
from coupon_core.domain.rules.scopes import find_missing_scopes, list_granting_scopes


def require_scope(principal: Principal, tenant_id: str, scope: Scope) -> None:
    """Require a scope of the tenant's own API key.

    Raises:
        Refused: The key belongs to another tenant or lacks the scope.
    """
    require_tenant(principal, tenant_id)
    if find_missing_scopes(principal.scopes, {scope}):
        words = " or ".join(f"'{word}'" for word in list_granting_scopes(scope))
        raise Refused(AuthReason.SCOPE_MISSING, f"This API key lacks the scope {words}")


def require_additional_scopes(
    principal: Principal, scopes: Set[Scope], purpose: str
) -> None:
    """Require the scopes that a request needs because of what it asks for.

    `purpose` ends the message and begins with "to".

    Raises:
        Refused: The key lacks one of the scopes.
    """
    missing = find_missing_scopes(principal.scopes, scopes)
    if missing:
        noun = "scope" if len(missing) == 1 else "scopes"
        words = ", ".join(f"'{scope}'" for scope in missing)
        raise Refused(
            AuthReason.SCOPE_MISSING, f"This API key lacks the {noun} {words} {purpose}"
        )


def require_tenant(principal: Principal, tenant_id: str) -> None:
    """Refuse if the path names another tenant than the caller's."""
    if principal.tenant_id != tenant_id:
        raise Refused(AuthReason.WRONG_TENANT)


def require_user(principal: Principal, user_id: str) -> None:
    """Refuse if a user acts for another user; a tenant may act for all its users."""
    if principal.user_id not in (None, user_id):
        raise Refused(AuthReason.WRONG_USER)
