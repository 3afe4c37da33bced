"""Count the attempts to use codes, and remember those that were refused.

A view announces its attempt once the caller may make it. A refusal is recorded where it
becomes the answer, with the error code of its API. What is refused before, because of
the credentials, a rate limit or the form of the request, is no attempt.
"""

from typing import NamedTuple

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
from coupon_core.domain.pasted_text import clean_pasted_code
from coupon_core.domain.report_counts import get_quarter
from coupon_core.observability import attempt_buffer


class _Attempt(NamedTuple):
    action: AttemptAction
    code: str
    user_id: str


def announce_attempt(action: AttemptAction, code: str, user_id: str | None) -> None:
    """Say what the current request attempts; a refusal of it is then recorded."""
    g.attempt = _Attempt(action, code, user_id or "")


def record_refusal(refused: Refused, error_code: str, dialect: str) -> None:
    """Record that the announced attempt was refused, if one was announced."""
    attempt: _Attempt | None = g.pop("attempt", None)
    if attempt and not isinstance(refused.reason, AuthReason):
        _record_failure(attempt, refused.definition, error_code, dialect)


def record_validation(
    result: Validation,
    code: str,
    user_id: str | None,
    dialect: Dialect,
    error_code: str = "",
) -> None:
    """Record the answer to a validate call; without `error_code` the code is valid."""
    definition = result.issued.definition if result.issued else result.definition
    attempt = _Attempt(AttemptAction.VALIDATE, code, user_id or "")
    if error_code:
        _record_failure(attempt, definition, error_code, dialect.value)
    else:
        attempt_buffer.count(_build_outcome(attempt, definition, "", dialect.value))


def _record_failure(
    attempt: _Attempt, definition: Definition | None, error_code: str, dialect: str
) -> None:
    attempt_buffer.count(_build_outcome(attempt, definition, error_code, dialect))
    attempt_buffer.add_failure(
        FailedAttempt(
            tenant_id=g.principal.tenant_id,
            attempted_at=utc_now(),
            user_id=attempt.user_id,
            code=attempt.code,
            definition_id=definition.definition_id if definition else None,
            action=attempt.action.value,
            reason=error_code,
            dialect=dialect,
        )
    )


def _build_outcome(
    attempt: _Attempt, definition: Definition | None, error_code: str, dialect: str
) -> Outcome:
    # Only claimable codes may have a creator, and only those are few.
    is_shared = definition is not None and definition.claimable
    return Outcome(
        g.principal.tenant_id,
        get_quarter(utc_now()),
        definition_id=definition.definition_id if definition else "",
        code_key=to_lookup_key(clean_pasted_code(attempt.code)) if is_shared else "",
        dialect=dialect,
        action=attempt.action.value,
        reason=error_code,
    )
