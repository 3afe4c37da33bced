"""Helpers for tests of reservations."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from coupon_core.services.coupons import reservations
from coupon_core.services.coupons.redemption import RedeemRequest
from tests.factories.tenant import NOW, TenantFactory

TTL_SECONDS = 60
END = NOW + timedelta(seconds=TTL_SECONDS)
LATER = END + timedelta(seconds=1)


def reserve(
    tenant: TenantFactory, code: str, user_id: str = "ann", now: datetime = NOW
) -> str:
    """Reserve a use of a code and return the ID of the reservation."""
    request = RedeemRequest(tenant.tenant_id, code, user_id)
    found: str = reservations.reserve(request, TTL_SECONDS, now)["reservation_id"]
    return found


def confirm(
    tenant: TenantFactory,
    reservation_id: str,
    now: datetime = NOW,
    user_id: str | None = None,
) -> dict[str, Any]:
    """Confirm a reservation."""
    return reservations.confirm(tenant.tenant_id, reservation_id, user_id, now)


def release(tenant: TenantFactory, reservation_id: str, now: datetime = NOW) -> None:
    """Release a reservation."""
    reservations.release(tenant.tenant_id, reservation_id, None, now)
