"""The operators of a tenant: their roles, and who may change whom."""

from datetime import datetime

from coupon_core.domain.models import OperatorReason, Refused
from coupon_core.domain.models.operators import Member, Membership, Role
from coupon_core.persistence.database import transaction
from coupon_core.persistence.repositories import (
    operator_links,
    operator_memberships,
    operator_sessions,
)
from coupon_core.persistence.repositories import operators as operator_repository
from coupon_core.persistence.repositories import tenants as tenant_repository
from coupon_core.services import audit
from coupon_core.services.access import tenants
from coupon_core.services.errors import require_found
from coupon_core.services.operators.sessions import ACTOR_PREFIX


def list_members(tenant_id: str) -> list[Member]:
    """Return the operators of a tenant, ordered by address."""
    return operator_memberships.list_members(tenant_id)


def list_emails(actors: set[str]) -> dict[str, str]:
    """Return the addresses of those actors of audit entries that are operators."""
    ids = {actor.removeprefix(ACTOR_PREFIX) for actor in actors if _is_operator(actor)}
    emails = operator_repository.list_emails(ids)
    return {f"{ACTOR_PREFIX}{one}": email for one, email in emails.items()}


def _is_operator(actor: str) -> bool:
    return actor.startswith(ACTOR_PREFIX)


def change_role(tenant_id: str, operator_id: str, role: Role, now: datetime) -> None:
    """Give an operator another role in a tenant; the operator's sessions end.

    Raises:
        Refused: The operator is not one of the tenant's, or is its last owner.
    """
    with transaction():
        if lock_membership(tenant_id, operator_id).role == role:
            return
        if role != Role.OWNER:
            require_another_owner(tenant_id, operator_id)
        operator_links.delete_invitations(tenant_id, operator_id)
        operator_memberships.put(tenant_id, operator_id, role, now)
        operator_sessions.delete_all(operator_id)
        audit.record(tenant_id, "operator.role_changed", operator_id, role=role)


def remove(tenant_id: str, operator_id: str) -> None:
    """Remove an operator from a tenant; the operator's sessions end.

    Raises:
        Refused: The operator is not one of the tenant's, or is its last owner.
    """
    with transaction():
        lock_membership(tenant_id, operator_id)
        require_another_owner(tenant_id, operator_id)
        operator_links.delete_invitations(tenant_id, operator_id)
        operator_memberships.delete(tenant_id, operator_id)
        operator_sessions.delete_all(operator_id)
        audit.record(tenant_id, "operator.removed", operator_id)


def lock_membership(tenant_id: str, operator_id: str) -> Membership:
    """Return a membership; lock the tenant, so that no two owners remove each other."""
    tenants.require(tenant_id)
    tenant_repository.lock(tenant_id)
    return require_found(
        operator_memberships.get(tenant_id, operator_id),
        OperatorReason.OPERATOR_NOT_FOUND,
    )


def require_another_owner(tenant_id: str, operator_id: str) -> None:
    """Refuse to take the role of its last owner from a tenant, which is locked."""
    membership = operator_memberships.get(tenant_id, operator_id)
    if membership is None or membership.role != Role.OWNER:
        return
    if not operator_memberships.count_other_owners(tenant_id, operator_id):
        raise Refused(OperatorReason.LAST_OWNER)
