"""Check what an authenticated caller is allowed to do."""

from coupon_core.domain.models import (
    AuthReason,
    Principal,
    Refused,
    Scope,
)


def require_scope(principal: Principal, tenant_id: str, scope: Scope) -> None:
    """Require a scope of the tenant's own API key.

    Raises:
        Refused: The key belongs to another tenant or lacks the scope.
    """
    require_tenant(principal, tenant_id)
    if scope not in principal.scopes:
        raise Refused(
            AuthReason.SCOPE_MISSING, f"This API key lacks the scope '{scope}'"
        )


def require_tenant(principal: Principal, tenant_id: str) -> None:
    """Refuse if the path names another tenant than the caller's."""
    if principal.tenant_id != tenant_id:
        raise Refused(AuthReason.WRONG_TENANT)


def require_user(principal: Principal, user_id: str) -> None:
    """Refuse if a user acts for another user; a tenant may act for all its users."""
    if principal.user_id not in (None, user_id):
        raise Refused(AuthReason.WRONG_USER)
