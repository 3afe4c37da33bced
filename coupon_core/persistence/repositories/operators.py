"""Operators of the console, and their one-time links."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from peewee import IntegrityError

from coupon_core.domain.emails import to_email_key
from coupon_core.domain.models.operators import (
    LinkPurpose,
    OneTimeLink,
    OpenInvitation,
    Operator,
    Role,
)
from coupon_core.persistence.database import execute
from coupon_core.persistence.errors import UNIQUE, violated_constraint
from coupon_core.persistence.tables import (
    OperatorInvitationTable,
    OperatorTable,
    to_json_text,
)

REPLACE_RECOVERY_HASHES = """
    UPDATE operator SET recovery_hashes = :left
    WHERE operator_id = :operator_id AND recovery_hashes = :known
"""


def insert(operator: Operator) -> bool:
    """Insert an operator; return False if the address is known."""
    query = OperatorTable.insert(
        operator_id=operator.operator_id,
        email=operator.email,
        email_key=to_email_key(operator.email),
        created_at=operator.created_at,
    )
    return bool(query.on_conflict_ignore().as_rowcount().execute())


def find_by_email(email: str) -> Operator | None:
    """Return the operator with an address, in either case."""
    return _find(OperatorTable.email_key == to_email_key(email))


def find_by_account(provider_account: str) -> Operator | None:
    """Return the operator who signs in with an account at the provider."""
    return _find(OperatorTable.provider_account == provider_account)


def get(operator_id: str) -> Operator | None:
    """Return an operator, also a disabled one."""
    return _find(OperatorTable.operator_id == operator_id)


def list_emails(operator_ids: Iterable[str]) -> dict[str, str]:
    """Return the addresses of those operators that exist, by id."""
    query = OperatorTable.select(OperatorTable.operator_id, OperatorTable.email)
    found = query.where(OperatorTable.operator_id.in_(list(operator_ids))).tuples()
    return {str(operator_id): email for operator_id, email in found}


def set_credentials(
    operator: Operator, password_hash: str, provider_account: str | None
) -> bool:
    """Set how an operator signs in.

    Return False if that has changed since `operator` was read, or if the account
    belongs to another operator.
    """
    query = OperatorTable.update(
        password_hash=password_hash, provider_account=provider_account
    ).where(
        OperatorTable.operator_id == operator.operator_id,
        OperatorTable.password_hash == operator.password_hash,
        OperatorTable.provider_account.is_null()
        if operator.provider_account is None
        else OperatorTable.provider_account == operator.provider_account,
    )
    try:
        return bool(query.execute())
    except IntegrityError as error:
        if violated_constraint(error) != UNIQUE:
            raise
        return False


def set_second_factor(
    operator_id: str, totp_sealed: str | None, recovery_hashes: Sequence[str]
) -> None:
    """Replace the secret of the second factor and the recovery codes."""
    OperatorTable.update(
        totp_sealed=totp_sealed, recovery_hashes=list(recovery_hashes)
    ).where(OperatorTable.operator_id == operator_id).execute()


def use_totp_step(operator_id: str, step: int) -> bool:
    """Record the use of a time step; return False if it or a later one was used."""
    query = OperatorTable.update(totp_last_step=step).where(
        OperatorTable.operator_id == operator_id, OperatorTable.totp_last_step < step
    )
    return bool(query.execute())


def use_recovery_code(operator: Operator, code_hash: str) -> bool:
    """Remove a recovery code; return False if the codes have changed meanwhile."""
    left = [known for known in operator.recovery_hashes if known != code_hash]
    parameters = {
        "operator_id": operator.operator_id,
        "known": to_json_text(operator.recovery_hashes),
        "left": to_json_text(left),
    }
    return bool(execute(REPLACE_RECOVERY_HASHES, parameters).rowcount)


def set_disabled(operator_id: str, disabled_at: datetime | None) -> None:
    """Disable an operator at a time, or enable it with None."""
    OperatorTable.update(disabled_at=disabled_at).where(
        OperatorTable.operator_id == operator_id
    ).execute()


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


def _find(condition: Any) -> Operator | None:
    row = OperatorTable.select().where(condition).first()
    if row is None:
        return None
    return Operator(
        operator_id=str(row.operator_id),
        email=row.email,
        password_hash=row.password_hash,
        provider_account=row.provider_account,
        totp_sealed=row.totp_sealed,
        totp_last_step=row.totp_last_step,
        recovery_hashes=tuple(row.recovery_hashes),
        created_at=row.created_at,
        disabled_at=row.disabled_at,
    )
