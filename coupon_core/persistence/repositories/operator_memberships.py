"""Memberships: the roles of operators in tenants."""

from datetime import datetime
from typing import Any

from coupon_core.domain.models.operators import Member, Membership, Role
from coupon_core.persistence.database import execute
from coupon_core.persistence.tables import (
    OperatorMembershipTable,
    OperatorTable,
    to_datetime,
)

SELECT_MEMBERSHIPS_OF_ALL_TENANTS = """
    SELECT tenant_id, operator_id, role, created_at FROM operator_membership
    WHERE operator_id = :operator_id ORDER BY tenant_id
"""


def get(tenant_id: str, operator_id: str) -> Membership | None:
    """Return the membership of an operator in a tenant, or None."""
    row = (
        OperatorMembershipTable.select()
        .where(OperatorMembershipTable.match_key(tenant_id, operator_id))
        .first()
    )
    if row is None:
        return None
    return Membership(tenant_id, operator_id, Role(row.role), row.created_at)


def list_of_operator(operator_id: str) -> list[Membership]:
    """Return the memberships of an operator, ordered by tenant."""
    parameters = {"operator_id": operator_id}
    rows = execute(SELECT_MEMBERSHIPS_OF_ALL_TENANTS, parameters).fetchall()
    return [
        Membership(tenant_id, str(member_id), Role(role), to_datetime(created_at))
        for tenant_id, member_id, role, created_at in rows
    ]


def list_members(tenant_id: str) -> list[Member]:
    """Return the operators of a tenant, ordered by address."""
    query = (
        OperatorMembershipTable.select(OperatorMembershipTable, OperatorTable)
        .join(
            OperatorTable,
            on=OperatorTable.operator_id == OperatorMembershipTable.operator_id,
            attr="operator",
        )
        .where(OperatorMembershipTable.tenant_id == tenant_id)
        .order_by(OperatorTable.email_key)
    )
    return [_to_member(row) for row in query]


def count_other_owners(tenant_id: str, operator_id: str) -> int:
    """Return the number of a tenant's owners besides one, without disabled ones."""
    return sum(
        member.role == Role.OWNER
        and member.operator_id != operator_id
        and member.disabled_at is None
        for member in list_members(tenant_id)
    )


def put(tenant_id: str, operator_id: str, role: Role, now: datetime) -> None:
    """Give an operator a role in a tenant, instead of the present one if any."""
    OperatorMembershipTable.insert(
        tenant_id=tenant_id, operator_id=operator_id, role=role, created_at=now
    ).on_conflict(
        conflict_target=[
            OperatorMembershipTable.tenant_id,
            OperatorMembershipTable.operator_id,
        ],
        preserve=[OperatorMembershipTable.role],
    ).execute()


def delete(tenant_id: str, operator_id: str) -> bool:
    """Remove an operator from a tenant; return False if there is no membership."""
    query = OperatorMembershipTable.delete().where(
        OperatorMembershipTable.match_key(tenant_id, operator_id)
    )
    return bool(query.execute())


def _to_member(row: Any) -> Member:
    return Member(
        operator_id=str(row.operator_id),
        email=row.operator.email,
        role=Role(row.role),
        created_at=row.created_at,
        disabled_at=row.operator.disabled_at,
        has_second_factor=row.operator.totp_sealed is not None,
        has_provider_account=row.operator.provider_account is not None,
    )
