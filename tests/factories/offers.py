"""A factory for Mambo coupons with a price in points."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

from coupon_core.domain.models import CodeFormat, Page, utc_now
from coupon_core.domain.models.offers import PurchaseMode, UsageMode
from coupon_core.domain.models.points import PointChange
from coupon_core.domain.models.purchases import Action, Activity, ActivityRequest
from coupon_core.services.points import (
    activities,
    offers,
    users,
    wallets,
)
from coupon_core.services.points.offers import OfferDraft
from tests.factories.tenant import NOW, TenantFactory

_numbers = itertools.count(1)
OFFER_PRESENTATION = {
    "coupon_type": "custom",
    "amount": None,
    "custom": "",
    "help_message": "",
    "tags": [],
    "translations": [],
}


@dataclass(frozen=True)
class OfferFactory:
    """Create coupons for points; small enough to be pickled for other processes."""

    tenant: TenantFactory

    def create_offer(
        self,
        code: str,
        points: int = 10,
        limit: int = 0,
        mode: PurchaseMode = PurchaseMode.TWO_STEP,
        usage: UsageMode = UsageMode.SINGLE,
        codes: tuple[str, ...] = (),
    ) -> str:
        """Create a coupon with a price, or without one for 0 points; return its ID."""
        definition: dict[str, Any] = {
            "name": f"Bargain {next(_numbers)}",
            "code_format": CodeFormat.LISTED if codes else CodeFormat.CUSTOM,
            "custom_code": "" if codes else code,
            "total_limit": limit,
        }
        terms = {"point_id": "gold" if points else "", "points": points}
        terms |= {"mode": mode, "usage": usage}
        reward = {"reward_type": "custom", "payload": {}}
        draft = OfferDraft(definition, terms, OFFER_PRESENTATION, codes, reward=reward)
        offer = offers.create(self.tenant.tenant_id, draft, NOW)
        return offer.definition.definition_id

    def create_user(self, user_id: str = "ann", gold: int = 0) -> None:
        """Create a user with some gold."""
        users.create(self.tenant.tenant_id, {"user_id": user_id}, NOW)
        if gold:
            change = PointChange(self.tenant.tenant_id, user_id, "gold", gold)
            wallets.credit(change, NOW)

    def perform_activity(
        self, action: Action, code: str, user_id: str = "ann"
    ) -> Activity:
        """Buy, redeem or refund a coupon."""
        request = ActivityRequest(self.tenant.tenant_id, user_id, action, code)
        return activities.perform(request, utc_now())

    def get_balance(self, user_id: str = "ann") -> int:
        """Return the user's gold."""
        rows, _ = wallets.list_wallets(self.tenant.tenant_id, Page(), user_id, "gold")
        return rows[0].balance if rows else 0
