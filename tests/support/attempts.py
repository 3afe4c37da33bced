"""Failed attempts as a gateway collects them."""

from __future__ import annotations

from datetime import datetime

from coupon_core.domain.models.attempts import FailedAttempt, Outcome
from coupon_core.observability import attempt_buffer


def collect_failure(
    tenant_id: str,
    at: datetime,
    code: str = "NOSUCHCODE",
    user_id: str = "ann",
    definition_id: str | None = None,
    reason: str = "COUPON_NOT_FOUND",
    action: str = "redeem",
) -> None:
    """Collect a refused call of the Phoenix API."""
    outcome = Outcome(
        tenant_id,
        int(at.timestamp()) // 900,
        definition_id=definition_id or "",
        code_key="",
        dialect="phoenix",
        action=action,
        reason=reason,
    )
    attempt_buffer.count(outcome)
    attempt = FailedAttempt(
        tenant_id,
        at,
        user_id=user_id,
        code=code,
        definition_id=definition_id,
        action=action,
        reason=reason,
        dialect="phoenix",
    )
    attempt_buffer.add_failure(attempt)
