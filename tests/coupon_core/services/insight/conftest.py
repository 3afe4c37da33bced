"""Fixtures: attempts that a gateway would have collected."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from coupon_core.observability import attempt_buffer
from tests.factories.tenant import NOW, TenantFactory
from tests.support.attempts import collect_failure

Fail = Callable[..., None]


@pytest.fixture
def fail(tenant: TenantFactory) -> Fail:
    """Return a function that collects a refused redeem, by default of the tenant."""
    attempt_buffer.take()

    def collect(code: str = "NOSUCHCODE", user_id: str = "ann", **options: Any) -> None:
        members = {"tenant_id": tenant.tenant_id, "at": NOW, **options}
        collect_failure(**members, code=code, user_id=user_id)

    return collect
