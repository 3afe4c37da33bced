"""Reset and disable operators: by owners of all their tenants, or on the server."""

from datetime import datetime

from coupon_core.domain.models import OperatorReason, Principal, Refused
from coupon_core.domain.models.operators import LinkPurpose, Operator
from coupon_core.domain.rules.roles import is_controlled_by
from coupon_core.persistence.database import transaction
from coupon_core.persistence.repositories import (
    operator_links,
    operator_memberships,
    operator_sessions,
)
from coupon_core.persistence.repositories import operators as operator_repository
from coupon_core.services import audit
from coupon_core.services.errors import require_found
from coupon_core.services.operators.links import add_link
from coupon_core.services.operators.memberships import (
    lock_membership,
    require_another_owner,
)
from coupon_core.services.operators.sessions import ACTOR_PREFIX


def reset(
    principal: Principal | None, email: str, *, removes_factor: bool, now: datetime
) -> tuple[str, str]:
    """Create a link to a form for a new password; return the operator's id and token.

    The sessions of the operator end. The principal is None on the server itself.

    Raises:
        Refused: The operator is unknown, or works for tenants of other owners.
    """
    with transaction():
        operator = _require_controlled(principal, email)
        operator_id = operator.operator_id
        operator_links.delete_links(operator_id, LinkPurpose.RESET)
        operator_sessions.delete_all(operator_id)
        if removes_factor:
            operator_repository.set_second_factor(operator, None, [])
        tenant_ids = _list_tenants(operator_id)
        for tenant_id in tenant_ids:
            audit.record(tenant_id, "operator.reset", operator_id)
        target = principal.tenant_id if principal else next(iter(tenant_ids), "")
        token = add_link(operator, LinkPurpose.RESET, target, None, now=now)
    return operator_id, token


def set_disabled(
    principal: Principal | None, email: str, disabled_at: datetime | None
) -> str:
    """Disable an operator at a time, or enable it with None; return the id.

    The sessions of the operator end. The principal is None on the server itself.

    Raises:
        Refused: The operator is unknown, works for tenants of other owners, or is the
            last owner of a tenant.
    """
    action = "operator.disabled" if disabled_at else "operator.enabled"
    with transaction():
        operator_id = _require_controlled(principal, email).operator_id
        for tenant_id in _list_tenants(operator_id):
            if principal and disabled_at:
                lock_membership(tenant_id, operator_id)
                require_another_owner(tenant_id, operator_id)
            audit.record(tenant_id, action, operator_id)
        operator_repository.set_disabled(operator_id, disabled_at)
        operator_sessions.delete_all(operator_id)
    return operator_id


def _require_controlled(principal: Principal | None, email: str) -> Operator:
    """Return an operator, locked: it can join no other tenant meanwhile."""
    operator = require_found(
        operator_repository.lock_by_email(email.strip()),
        OperatorReason.OPERATOR_NOT_FOUND,
    )
    if principal:
        joined = operator_memberships.list_of_operator(operator.operator_id)
        if principal.tenant_id not in {one.tenant_id for one in joined}:
            raise Refused(OperatorReason.OPERATOR_NOT_FOUND)
        owner_id = (principal.key_id or "").removeprefix(ACTOR_PREFIX)
        own = operator_memberships.list_of_operator(owner_id)
        if not is_controlled_by(own, joined):
            raise Refused(OperatorReason.OPERATOR_OF_OTHER_TENANTS)
    return operator


def _list_tenants(operator_id: str) -> list[str]:
    joined = operator_memberships.list_of_operator(operator_id)
    return [one.tenant_id for one in joined]
