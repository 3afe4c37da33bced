"""What operators change about themselves: the password and the second factor."""

from dataclasses import dataclass
from datetime import datetime

from coupon_core.domain.models import OperatorReason, Refused
from coupon_core.domain.models.operators import (
    MAX_PASSWORD_LENGTH,
    MIN_PASSWORD_LENGTH,
    LinkPurpose,
    Operator,
)
from coupon_core.persistence.database import transaction
from coupon_core.persistence.repositories import (
    operator_links,
    operator_memberships,
    operator_sessions,
)
from coupon_core.persistence.repositories import operators as operator_repository
from coupon_core.security import encryption, passwords, second_factor
from coupon_core.security.rate_limiting import sign_in_limits
from coupon_core.services import audit
from coupon_core.services.operators import sessions, sign_in
from coupon_core.services.operators.sessions import Device


@dataclass(frozen=True, slots=True)
class NewPassword:
    """What an operator enters to change the password."""

    present: str
    new: str
    repeated: str


@dataclass(frozen=True, slots=True)
class NewSecondFactor:
    """A second factor that is not in use yet: the secret and the URI for an app."""

    secret: str
    uri: str


def prepare_second_factor(operator: Operator, secret: str = "") -> NewSecondFactor:
    """Return a new second factor, or the one with a secret again; nothing changes.

    Raises:
        Refused: The operator has one, which must be turned off first.
    """
    if operator.totp_sealed:
        raise Refused(OperatorReason.SECOND_FACTOR_PRESENT)
    if not second_factor.is_secret(secret):
        secret = second_factor.generate_secret()
    return NewSecondFactor(secret, second_factor.build_uri(secret, operator.email))


def start_second_factor(
    operator: Operator, secret: str, code: str, session_hash: str, now: datetime
) -> list[str]:
    """Start to require a second factor; return the recovery codes, shown once.

    All other sessions of the operator end.

    Raises:
        Refused: The code is not one of the secret, or the operator has a second factor:
            otherwise an open session could replace it without its code.
    """
    entered, is_secret = "".join(code.split()), second_factor.is_secret(secret)
    step = second_factor.find_step(secret, entered, now) if is_secret else None
    if step is None:
        raise Refused(OperatorReason.WRONG_SECOND_FACTOR)
    codes = second_factor.generate_recovery_codes()
    hashes = [encryption.fingerprint(one) for one in codes]
    with transaction():
        if operator.totp_sealed or not operator_repository.set_second_factor(
            operator, encryption.encrypt(secret), hashes
        ):
            raise Refused(OperatorReason.SECOND_FACTOR_PRESENT)
        operator_repository.use_totp_step(operator.operator_id, step)
        operator_sessions.delete_all(operator.operator_id, session_hash)
        record(operator, "operator.factor_started")
    return codes


def stop_second_factor(
    operator: Operator, code: str, device: Device, now: datetime
) -> str:
    """Sign in without a code from now on; return the token of a new session.

    All sessions of the operator end.

    Raises:
        Refused: The code is missing or wrong.
        RateLimitExceeded: Too many attempts have failed.
    """
    with sign_in_limits.attempt(operator.email, device.address), transaction():
        sign_in.use_second_factor(operator, code, now)
        if not operator_repository.set_second_factor(operator, None, []):
            raise Refused(OperatorReason.WRONG_SECOND_FACTOR)  # changed meanwhile
        record(operator, "operator.factor_stopped")
        return start_again(operator, device, now)


def change_password(
    operator: Operator,
    entered: NewPassword,
    device: Device,
    now: datetime,
) -> str:
    """Change the password; return the token of a new session.

    All sessions of the operator end.

    Raises:
        Refused: The present password is wrong, or the new one is unfit.
        RateLimitExceeded: Too many attempts have failed.
        PasswordsBusy: Too many passwords are being verified.
    """
    with sign_in_limits.attempt(operator.email, device.address):
        sign_in.require_password(operator, entered.present)
        new_hash = hash_new_password(entered.new, entered.repeated)
        with transaction():
            if not operator_repository.set_credentials(
                operator, new_hash, operator.provider_account
            ):
                raise Refused(OperatorReason.SIGN_IN_FAILED)  # changed meanwhile
            record(operator, "operator.password_changed")
            return start_again(operator, device, now)


def hash_new_password(password: str, repeated: str) -> str:
    """Return the hash of a password that an operator has chosen.

    Raises:
        Refused: The two are not the same, or are too short or too long.
        PasswordsBusy: Too many passwords are being verified.
    """
    if password != repeated:
        raise Refused(OperatorReason.PASSWORDS_DIFFER)
    if len(password) < MIN_PASSWORD_LENGTH:
        raise Refused(OperatorReason.PASSWORD_TOO_SHORT)
    if len(password) > MAX_PASSWORD_LENGTH:
        raise Refused(OperatorReason.PASSWORD_TOO_LONG)
    return passwords.hash_password(password)


def start_again(operator: Operator, device: Device, now: datetime) -> str:
    """End all sessions of an operator; return the token of a new one.

    A link to a new password is invalid as well: the operator who has signed in does
    not need it, and its maker may not control an operator who has joined other tenants.
    """
    operator_sessions.delete_all(operator.operator_id)
    operator_links.delete_links(operator.operator_id, LinkPurpose.RESET)
    return sessions.start(operator, device, now)


def record(operator: Operator, action: str) -> None:
    """Record a change of how an operator signs in, in the log of each tenant."""
    for joined in operator_memberships.list_of_operator(operator.operator_id):
        audit.record(joined.tenant_id, action, operator.operator_id)
