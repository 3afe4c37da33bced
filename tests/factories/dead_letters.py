"""A factory for dead letters."""

from __future__ import annotations

from coupon_core.domain.models import Page, utc_now
from coupon_core.services.events import dead_letters

JSON_CONTENT_TYPE = "application/json"
STREAK_ROUTE = "coupons.streak", "streak.milestone"


def create_dead_letter(
    tenant_id: str,
    body: bytes = b"{}",
    route: tuple[str, str] = STREAK_ROUTE,
    reason: str = "x",
) -> str:
    """Store a dead letter and return its ID."""
    dead_letters.store_dead_letter(
        *route, JSON_CONTENT_TYPE, body, reason, utc_now(), tenant_id
    )
    (letter, *_), _ = dead_letters.list_dead_letters(tenant_id, Page(limit=1))
    return letter.letter_id
