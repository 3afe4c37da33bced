"""One-time links of operators of the console."""

from datetime import datetime
from typing import Any

from coupon_core.domain.models.operators import (
    LinkPurpose,
    OneTimeLink,
    OpenInvitation,
    Role,
)
from coupon_core.persistence.tables import OperatorInvitationTable, OperatorTable


def insert_link(link: OneTimeLink) -> None:
    """Insert a one-time link."""
    OperatorInvitationTable.insert(
        token_hash=link.token_hash,
        operator_id=link.operator_id,
        purpose=link.purpose,
        target_tenant=link.target_tenant,
        role=link.role,
        invited_by=link.invited_by,
        created_at=link.created_at,
        expires_at=link.expires_at,
    ).execute()


def find_link(token_hash: str, now: datetime) -> OneTimeLink | None:
    """Return a link that has neither been used nor expired."""
    row = (
        OperatorInvitationTable.select()
        .where(
            OperatorInvitationTable.token_hash == token_hash,
            OperatorInvitationTable.expires_at > now,
        )
        .first()
    )
    return _to_link(row) if row else None


def list_invitations(tenant_id: str, now: datetime) -> list[OpenInvitation]:
    """Return the open invitations to a tenant, the newest first."""
    query = (
        OperatorInvitationTable.select(OperatorInvitationTable, OperatorTable.email)
        .join(
            OperatorTable,
            on=OperatorTable.operator_id == OperatorInvitationTable.operator_id,
            attr="operator",
        )
        .where(
            OperatorInvitationTable.target_tenant == tenant_id,
            OperatorInvitationTable.purpose == LinkPurpose.INVITATION,
            OperatorInvitationTable.expires_at > now,
        )
        .order_by(OperatorInvitationTable.created_at.desc())
    )
    return [OpenInvitation(_to_link(row), row.operator.email) for row in query]


def delete_invitation(tenant_id: str, token_hash: str) -> bool:
    """Delete an invitation to a tenant; return False if there is none."""
    query = OperatorInvitationTable.delete().where(
        OperatorInvitationTable.token_hash == token_hash,
        OperatorInvitationTable.target_tenant == tenant_id,
        OperatorInvitationTable.purpose == LinkPurpose.INVITATION,
    )
    return bool(query.execute())


def use_link(token_hash: str) -> bool:
    """Delete a link; return False if it has been used meanwhile."""
    query = OperatorInvitationTable.delete().where(
        OperatorInvitationTable.token_hash == token_hash
    )
    return bool(query.execute())


def delete_invitations(tenant_id: str, operator_id: str) -> None:
    """Delete the invitations of an operator to a tenant."""
    OperatorInvitationTable.delete().where(
        OperatorInvitationTable.operator_id == operator_id,
        OperatorInvitationTable.target_tenant == tenant_id,
        OperatorInvitationTable.purpose == LinkPurpose.INVITATION,
    ).execute()


def delete_links(operator_id: str, purpose: LinkPurpose) -> None:
    """Delete the links of an operator that are for one purpose."""
    OperatorInvitationTable.delete().where(
        OperatorInvitationTable.operator_id == operator_id,
        OperatorInvitationTable.purpose == purpose,
    ).execute()


def delete_expired_links(now: datetime) -> int:
    """Delete links that nobody can use any more; return their number."""
    query = OperatorInvitationTable.delete().where(
        OperatorInvitationTable.expires_at <= now
    )
    return int(query.execute())


def _to_link(row: Any) -> OneTimeLink:
    return OneTimeLink(
        token_hash=row.token_hash,
        operator_id=str(row.operator_id),
        purpose=LinkPurpose(row.purpose),
        target_tenant=row.target_tenant,
        role=Role(row.role) if row.role else None,
        invited_by=row.invited_by,
        created_at=row.created_at,
        expires_at=row.expires_at,
    )
