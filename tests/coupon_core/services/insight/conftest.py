"""Helpers: attempts that a gateway would have collected."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest

from coupon_core.domain.models.attempts import FailedAttempt, Outcome
from coupon_core.domain.report_counts import get_quarter
from coupon_core.observability import attempt_buffer
from tests.factories.tenant import NOW, TenantFactory

Fail = Callable[..., None]


@pytest.fixture
def fail(tenant: TenantFactory) -> Fail:
    """Return a function that collects a refused redeem."""
    attempt_buffer.take()

    def collect(
        code: str = "NOSUCHCODE",
        user_id: str = "ann",
        at: datetime = NOW,
        tenant_id: str = tenant.tenant_id,
        definition_id: str | None = None,
    ) -> None:
        outcome = Outcome(
            tenant_id,
            get_quarter(at),
            definition_id=definition_id or "",
            code_key="",
            dialect="phoenix",
            action="redeem",
            reason="COUPON_NOT_FOUND",
        )
        attempt_buffer.count(outcome)
        attempt = FailedAttempt(
            tenant_id,
            at,
            user_id=user_id,
            code=code,
            definition_id=definition_id,
            action="redeem",
            reason="COUPON_NOT_FOUND",
            dialect="phoenix",
        )
        attempt_buffer.add_failure(attempt)

    return collect
