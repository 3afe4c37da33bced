"""What operators change about themselves: the password and the second factor."""

from dataclasses import dataclass
from datetime import datetime

from coupon_core.domain.models import OperatorReason, Refused
from coupon_core.domain.models.operators import Operator
from coupon_core.persistence.database import transaction
from coupon_core.persistence.repositories import operator_memberships, operator_sessions
from coupon_core.persistence.repositories import operators as operator_repository
from coupon_core.security import encryption, second_factor
from coupon_core.services import audit


@dataclass(frozen=True, slots=True)
class NewSecondFactor:
    """A second factor that is not in use yet: the secret and the URI for an app."""

    secret: str
    uri: str


def prepare_second_factor(operator: Operator, secret: str = "") -> NewSecondFactor:
    """Return a new second factor, or the one with a secret again; nothing changes."""
    secret = secret or second_factor.generate_secret()
    return NewSecondFactor(secret, second_factor.build_uri(secret, operator.email))


def start_second_factor(
    operator: Operator, secret: str, code: str, session_hash: str, now: datetime
) -> list[str]:
    """Start to require a second factor; return the recovery codes, shown once.

    All other sessions of the operator end.

    Raises:
        Refused: The code is not one of the secret.
    """
    step = second_factor.find_step(secret, "".join(code.split()), now)
    if step is None:
        raise Refused(OperatorReason.WRONG_SECOND_FACTOR)
    codes = second_factor.generate_recovery_codes()
    hashes = [encryption.fingerprint(one) for one in codes]
    with transaction():
        operator_repository.set_second_factor(
            operator.operator_id, encryption.encrypt(secret), hashes
        )
        operator_repository.use_totp_step(operator.operator_id, step)
        operator_sessions.delete_all(operator.operator_id, session_hash)
        for joined in operator_memberships.list_of_operator(operator.operator_id):
            audit.record(
                joined.tenant_id, "operator.factor_started", operator.operator_id
            )
    return codes
