"""Coupons with a price in a shop, and what its users do with them."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

from coupon_core.domain.models import CodeFormat, Page, utc_now
from coupon_core.domain.models.offers import BuyMode, Usage
from coupon_core.domain.models.points import PointChange
from coupon_core.domain.models.purchases import Action, Activity, Order
from coupon_core.services.points import (
    activities,
    offers,
    users,
    wallets,
)
from coupon_core.services.points.offers import Wanted
from tests.shop import NOW, Shop

_numbers = itertools.count(1)
LOOKS = {
    "coupon_type": "custom",
    "amount": None,
    "custom": "",
    "help_message": "",
    "tags": [],
    "translations": [],
}


@dataclass(frozen=True)
class Bargains:
    """What is bought with gold; small enough to be sent to other processes."""

    shop: Shop

    def offer(
        self,
        code: str,
        points: int = 10,
        limit: int = 0,
        mode: BuyMode = BuyMode.TWO_STEP,
        usage: Usage = Usage.SINGLE,
        codes: tuple[str, ...] = (),
    ) -> str:
        """A coupon for points, or a regular one for none; gives its id."""
        definition: dict[str, Any] = {
            "name": f"Bargain {next(_numbers)}",
            "code_format": CodeFormat.LISTED if codes else CodeFormat.CUSTOM,
            "custom_code": "" if codes else code,
            "total_limit": limit,
        }
        terms = {"point_id": "gold" if points else "", "points": points}
        terms |= {"mode": mode, "usage": usage}
        reward = {"reward_type": "custom", "payload": {}}
        wanted = Wanted(definition, terms, LOOKS, codes, reward=reward)
        made = offers.create(self.shop.tenant_id, wanted, NOW)
        return made.definition.definition_id

    def user(self, user_id: str = "ann", gold: int = 0) -> None:
        users.create(self.shop.tenant_id, {"user_id": user_id}, NOW)
        if gold:
            change = PointChange(self.shop.tenant_id, user_id, "gold", gold)
            wallets.credit(change, NOW)

    def act(self, action: Action, code: str, user_id: str = "ann") -> Activity:
        order = Order(self.shop.tenant_id, user_id, action, code)
        return activities.perform(order, utc_now())

    def balance(self, user_id: str = "ann") -> int:
        rows, _ = wallets.wallets(self.shop.tenant_id, Page(), user_id, "gold")
        return rows[0].balance if rows else 0
