"""Refusals of operators and of actions on them; the API has no route for these."""

from collections.abc import Mapping

from coupon_core.domain.emails import EMAIL_EXPECTED
from coupon_core.domain.models import AnyReason, OperatorReason
from coupon_core.domain.models.operators import (
    MAX_PASSWORD_LENGTH,
    MIN_PASSWORD_LENGTH,
)
from coupon_core.web.dialects import RefusalResponse

OPERATOR_REFUSALS: Mapping[AnyReason, RefusalResponse] = {
    reason: (status, reason.name, text)
    for reason, (status, text) in {
        OperatorReason.SIGN_IN_FAILED: (
            401,
            "The e-mail address, the password or the code is wrong",
        ),
        OperatorReason.SECOND_FACTOR_MISSING: (
            401,
            "code: enter the code that your authenticator app shows",
        ),
        OperatorReason.WRONG_SECOND_FACTOR: (
            401,
            "code: expected a code of your authenticator app that was not used yet, "
            "or a recovery code",
        ),
        OperatorReason.SECOND_FACTOR_PRESENT: (
            409,
            "You sign in with an authenticator app already. Turn it off first, with a "
            "code of that app or a recovery code",
        ),
        OperatorReason.PROVIDER_REFUSED: (
            401,
            "The provider did not confirm who you are. Sign in again",
        ),
        OperatorReason.UNKNOWN_ACCOUNT: (
            403,
            "No operator who may sign in has this account. With your first invitation "
            "or under Your account you can connect the account that you use",
        ),
        OperatorReason.OTHER_ACCOUNT: (
            403,
            "Sign in with the account that this operator has at the provider, and that "
            "no other operator has",
        ),
        OperatorReason.UNVERIFIED_EMAIL: (
            403,
            "The provider does not confirm the e-mail address of this operator for the "
            "account",
        ),
        OperatorReason.LINK_INVALID: (
            404,
            "This link has been used or has expired. Ask for a new one",
        ),
        OperatorReason.PASSWORD_TOO_SHORT: (
            400,
            f"password: expected at least {MIN_PASSWORD_LENGTH} characters",
        ),
        OperatorReason.PASSWORD_TOO_LONG: (
            400,
            f"password: expected at most {MAX_PASSWORD_LENGTH} characters",
        ),
        OperatorReason.PASSWORDS_DIFFER: (
            400,
            "repeated_password: expected the same password",
        ),
        OperatorReason.INVALID_EMAIL: (400, f"email: expected {EMAIL_EXPECTED}"),
        OperatorReason.OPERATOR_NOT_FOUND: (404, "There is no such operator"),
        OperatorReason.OPERATOR_DISABLED: (409, "This operator is disabled"),
        OperatorReason.OPERATOR_OF_OTHER_TENANTS: (
            403,
            "The operator also works for tenants that you do not own",
        ),
        OperatorReason.LAST_OWNER: (
            409,
            "This is the last owner of the tenant: make somebody else an owner first",
        ),
    }.items()
}
