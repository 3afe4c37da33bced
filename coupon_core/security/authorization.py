"""What a caller who is known may do."""

from coupon_core.domain.models import (
    AuthReason,
    Principal,
    Refused,
    Scope,
)


def require_scope(principal: Principal, tenant_id: str, scope: Scope) -> None:
    """Refused when the key is another tenant's, or may not do this."""
    require_tenant(principal, tenant_id)
    if scope not in principal.scopes:
        raise Refused(
            AuthReason.SCOPE_MISSING, f"This API key lacks the scope '{scope}'"
        )


def require_tenant(principal: Principal, tenant_id: str) -> None:
    """Refused when the path names another tenant than the caller's."""
    if principal.tenant_id != tenant_id:
        raise Refused(AuthReason.WRONG_TENANT)


def require_user(principal: Principal, user_id: str) -> None:
    """Refused when a user speaks for another; a tenant speaks for all of its own."""
    if principal.user_id not in (None, user_id):
        raise Refused(AuthReason.WRONG_USER)
