"""Sign in with an account at an OpenID Connect provider, and connect one.

An operator is found by issuer and subject only. An e-mail address decides nothing but
whether an account may be connected, which needs a one-time link or the password.
"""

from collections.abc import Callable
from datetime import datetime

from coupon_core.domain.emails import to_email_key
from coupon_core.domain.models import OperatorReason, Refused
from coupon_core.domain.models.operators import Operator, ProviderAccount
from coupon_core.persistence.database import transaction
from coupon_core.persistence.repositories import operators as operator_repository
from coupon_core.security.rate_limiting import sign_in_limits
from coupon_core.services.operators import account, links, sessions, sign_in
from coupon_core.services.operators.sessions import Device


def sign_in_with_account(
    find_account: Callable[[], ProviderAccount], device: Device, now: datetime
) -> str:
    """Sign in the operator who has an account; return the token of the new session.

    `find_account` asks the provider, outside of the transaction.

    Raises:
        Refused: The provider refuses, or no operator who may sign in has the account.
        RateLimitExceeded: Too many attempts have failed.
    """
    with sign_in_limits.attempt("", device.address):
        operator = operator_repository.find_by_account(find_account().key)
        if operator is None or operator.disabled_at:
            raise Refused(OperatorReason.UNKNOWN_ACCOUNT)
        with transaction():
            if not operator_repository.lock_unchanged(operator):
                raise Refused(OperatorReason.UNKNOWN_ACCOUNT)
            return sessions.start(operator, device, now)


def use_link_with_account(
    token: str,
    find_account: Callable[[], ProviderAccount],
    *,
    device: Device,
    now: datetime,
) -> tuple[str, str]:
    """Use a link and sign its holder in with an account at the provider.

    Raises:
        Refused: As `links.use_link`; or the account is not that of the operator, or is
            a new one whose verified address is not that of the operator.
        RateLimitExceeded: Too many attempts to sign in have failed.
    """
    form = links.open_link(token, now)
    operator = form.operator
    with sign_in_limits.attempt(operator.email, device.address):
        found = find_account()
        if not form.accepts_provider:
            raise Refused(OperatorReason.OTHER_ACCOUNT)
        owner = operator_repository.find_by_account(found.key)
        if owner and owner.operator_id != operator.operator_id:
            raise Refused(OperatorReason.OTHER_ACCOUNT)
        if form.asks_for_new_password:
            _require_own_email(operator, found)
            password_hash = ""
        elif operator.provider_account == found.key:
            password_hash = operator.password_hash
        else:
            raise Refused(OperatorReason.OTHER_ACCOUNT)
        with transaction():
            return links.enter(form, (password_hash, found.key), device=device, now=now)


def require_credentials(
    operator: Operator, password: str, code: str, *, device: Device, now: datetime
) -> None:
    """Require the password and the second factor, before an account is connected.

    Raises:
        Refused: One of them is wrong.
        RateLimitExceeded: Too many attempts have failed.
        PasswordsBusy: Too many passwords are being verified.
    """
    with sign_in_limits.attempt(operator.email, device.address):
        sign_in.require_password(operator, password)
        with transaction():
            sign_in.use_second_factor(operator, code, now)


def connect(
    operator: Operator,
    find_account: Callable[[], ProviderAccount],
    *,
    device: Device,
    now: datetime,
) -> str:
    """Let an operator also sign in with an account; return a new session's token.

    All sessions of the operator end.

    Raises:
        Refused: The provider refuses or vouches for another address, or the account
            belongs to another operator.
        RateLimitExceeded: Too many attempts have failed.
    """
    with sign_in_limits.attempt(operator.email, device.address):
        found = find_account()
        _require_own_email(operator, found)
        with transaction():
            if not operator_repository.set_credentials(
                operator, operator.password_hash, found.key
            ):
                raise Refused(OperatorReason.OTHER_ACCOUNT)
            account.record(operator, "operator.account_connected")
            return account.start_again(operator, device, now)


def _require_own_email(operator: Operator, found: ProviderAccount) -> None:
    """Require that the provider vouches for the operator's address.

    Otherwise a browser that somebody else has signed in at the provider would connect
    the account of that person.

    Raises:
        Refused: It vouches for another address, or for none.
    """
    if to_email_key(found.verified_email) != to_email_key(operator.email):
        raise Refused(OperatorReason.UNVERIFIED_EMAIL)
