"""Operators of the console."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from peewee import IntegrityError

from coupon_core.domain.emails import to_email_key
from coupon_core.domain.models.operators import Operator
from coupon_core.persistence.database import execute
from coupon_core.persistence.errors import UNIQUE, violated_constraint
from coupon_core.persistence.row_locks import lock_rows
from coupon_core.persistence.tables import OperatorTable, to_json_text

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


def lock_by_email(email: str) -> Operator | None:
    """Lock the operator with an address until the transaction ends, and return it."""
    return _find(OperatorTable.email_key == to_email_key(email), lock_rows)


def lock_unchanged(operator: Operator) -> bool:
    """Lock an operator; return False if the sign-in has changed since it was read.

    That includes the second factor, and that the operator was disabled or enabled.
    """
    return _find(_is_unchanged(operator), lock_rows) is not None


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
    ).where(_is_unchanged(operator))
    try:
        return bool(query.execute())
    except IntegrityError as error:
        if violated_constraint(error) != UNIQUE:
            raise
        return False


def set_second_factor(
    operator: Operator, totp_sealed: str | None, recovery_hashes: Sequence[str]
) -> bool:
    """Replace the secret of the second factor and the recovery codes.

    Return False if the sign-in has changed since `operator` was read.
    """
    query = OperatorTable.update(
        totp_sealed=totp_sealed, recovery_hashes=list(recovery_hashes)
    ).where(_is_unchanged(operator))
    return bool(query.execute())


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


def _is_unchanged(operator: Operator) -> Any:
    """Return the condition that an operator signs in as when it was read."""
    signs_in_with = (
        (OperatorTable.password_hash, operator.password_hash),
        (OperatorTable.provider_account, operator.provider_account),
        (OperatorTable.totp_sealed, operator.totp_sealed),
        (OperatorTable.disabled_at, operator.disabled_at),
    )
    condition = OperatorTable.operator_id == operator.operator_id
    for column, value in signs_in_with:
        condition &= column.is_null() if value is None else column == value
    return condition


def _find(
    condition: Any, lock: Callable[[Any], Any] = lambda query: query
) -> Operator | None:
    row = lock(OperatorTable.select().where(condition)).first()
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
