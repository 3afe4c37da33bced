"""Dead letters for tests: what workers leave behind."""

from __future__ import annotations

from coupon_core.domain.models import Page, utc_now
from coupon_core.services.events import dead_letters

JSON = "application/json"
STREAK = "coupons.streak", "streak.milestone"


def buried(
    tenant_id: str, body: bytes = b"{}", of: tuple[str, str] = STREAK, why: str = "x"
) -> str:
    """The id of a new dead letter."""
    dead_letters.bury(*of, JSON, body, why, tenant_id, utc_now())
    (letter, *_), _ = dead_letters.listed(tenant_id, Page(limit=1))
    return letter.letter_id
