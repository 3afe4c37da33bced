"""Helpers for tests of the events that warn of exhausted and expiring definitions."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from coupon_core.domain.models import utc_now
from coupon_core.services.catalog import definition_warnings
from tests.factories.tenant import TenantFactory
from tests.support.invariants import list_events


def announce(tenant: TenantFactory, now: datetime | None = None) -> int:
    """Publish the warnings of a tenant, and return their number."""
    return definition_warnings.announce(tenant.tenant_id, now or utc_now())


def list_warnings(tenant: TenantFactory, name: str) -> list[Any]:
    """Return the data of the tenant's `definition.NAME` events."""
    return [
        data
        for tenant_id, data in list_events(f"definition.{name}")
        if tenant_id == tenant.tenant_id
    ]
