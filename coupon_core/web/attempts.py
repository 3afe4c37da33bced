"""Count the attempts to use codes, and remember those that were refused.

A view announces its attempt once the caller may make it. A refusal is recorded where it
becomes the answer, with the error code of its API. What is refused before, because of
the credentials, a rate limit or the form of the request, is no attempt.
"""

from time import time

from flask import g

from coupon_core.domain.codes import to_lookup_key
from coupon_core.domain.models import (
    AuthReason,
    Definition,
    Dialect,
    Refused,
    Validation,
    utc_now,
)
from coupon_core.domain.models.attempts import (
    AttemptAction,
    FailedAttempt,
    Outcome,
)
from coupon_core.domain.pasted_text import clean_pasted_code, to_remembered_code
from coupon_core.observability import attempt_buffer

QUARTER_SECONDS = 900


def announce_attempt(action: AttemptAction, code: str, user_id: str | None) -> None:
    """Say what the current request attempts; a refusal of it is then recorded."""
    g.attempt = action, code, user_id or ""


def record_refusal(refused: Refused, error_code: str, dialect: str) -> None:
    """Record that the announced attempt was refused, if one was announced."""
    attempt: tuple[AttemptAction, str, str] | None = g.pop("attempt", None)
    if attempt and not isinstance(refused.reason, AuthReason):
        action, code, user_id = attempt
        outcome = _build_outcome(
            refused.definition, code, action, dialect=dialect, error_code=error_code
        )
        _record_failure(outcome, code, user_id)


def record_validation(
    result: Validation,
    code: str,
    user_id: str | None,
    dialect: Dialect,
    error_code: str = "",
) -> None:
    """Record the answer to a validate call; without `error_code` the code is valid."""
    outcome = _build_outcome(
        result.issued.definition if result.issued else result.definition,
        code,
        AttemptAction.VALIDATE,
        dialect=dialect,
        error_code=error_code,
    )
    if error_code:
        _record_failure(outcome, code, user_id or "")
    else:
        attempt_buffer.count(outcome)


def _build_outcome(
    definition: Definition | None,
    code: str,
    action: AttemptAction,
    *,
    dialect: str,
    error_code: str,
) -> Outcome:
    # Only claimable codes may have a creator, and only those are few.
    is_shared = definition is not None and definition.claimable
    return Outcome(
        g.principal.tenant_id,
        int(time()) // QUARTER_SECONDS,
        definition_id=definition.definition_id if definition else "",
        code_key=to_lookup_key(clean_pasted_code(code)) if is_shared else "",
        dialect=dialect,
        action=action,
        reason=error_code,
    )


def _record_failure(outcome: Outcome, code: str, user_id: str) -> None:
    attempt_buffer.count(outcome)
    attempt = FailedAttempt(
        outcome.tenant_id,
        utc_now(),
        user_id=user_id,
        code=to_remembered_code(code),
        definition_id=outcome.definition_id or None,
        action=outcome.action,
        reason=outcome.reason,
        dialect=outcome.dialect,
    )
    attempt_buffer.add_failure(attempt)
