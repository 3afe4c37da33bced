"""Sign operators in with their password and second factor."""

from datetime import datetime

from coupon_core.domain.models import OperatorReason, Refused
from coupon_core.domain.models.operators import Operator
from coupon_core.persistence.database import transaction
from coupon_core.persistence.repositories import operators as operator_repository
from coupon_core.security import encryption, passwords, second_factor
from coupon_core.security.rate_limiting import sign_in_limits
from coupon_core.services.operators import sessions
from coupon_core.services.operators.sessions import Device


def sign_in(
    email: str, password: str, code: str, *, device: Device, now: datetime
) -> str:
    """Sign an operator in and return the token of the new session.

    Raises:
        Refused: SIGN_IN_FAILED, whatever was wrong; SECOND_FACTOR_MISSING if the
            password is right and a code is needed.
        RateLimitExceeded: Too many attempts have failed.
        PasswordsBusy: Too many passwords are being verified.
    """
    with sign_in_limits.attempt(email, device.address):
        operator = operator_repository.find_by_email(email.strip())
        if operator is None or operator.disabled_at:
            passwords.verify_password("", password)  # takes as long as for others
            raise Refused(OperatorReason.SIGN_IN_FAILED)
        require_password(operator, password)
        with transaction():
            # Verifying takes a while; a session must not outlive a change meanwhile.
            if not operator_repository.lock_unchanged(operator):
                raise Refused(OperatorReason.SIGN_IN_FAILED)
            use_second_factor(operator, code, now)
            return sessions.start(operator, device, now)


def require_password(operator: Operator, password: str) -> None:
    """Require the password of an operator.

    Raises:
        Refused: The password is wrong, or the operator has none yet.
    """
    if not passwords.verify_password(operator.password_hash, password):
        raise Refused(OperatorReason.SIGN_IN_FAILED)


def use_second_factor(operator: Operator, code: str, now: datetime) -> None:
    """Require a code if the operator has a second factor, in the caller's transaction.

    A code of an app or a recovery code is accepted once.

    Raises:
        Refused: There is no code, or it is wrong or has been used.
    """
    if operator.totp_sealed is None:
        return
    entered = "".join(code.split()).lower()
    if not entered:
        raise Refused(OperatorReason.SECOND_FACTOR_MISSING)
    if not (_use_app_code(operator, entered, now) or _use_recovery(operator, entered)):
        raise Refused(OperatorReason.WRONG_SECOND_FACTOR)


def _use_app_code(operator: Operator, code: str, now: datetime) -> bool:
    secret = encryption.decrypt(operator.totp_sealed or "")
    step = second_factor.find_step(secret, code, now)
    return step is not None and operator_repository.use_totp_step(
        operator.operator_id, step
    )


def _use_recovery(operator: Operator, code: str) -> bool:
    code_hash = encryption.fingerprint(code)
    return code_hash in operator.recovery_hashes and (
        operator_repository.use_recovery_code(operator, code_hash)
    )
