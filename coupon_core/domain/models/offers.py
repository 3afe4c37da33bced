"""How coupons are come by: for points or without, once or often, and for how long."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from coupon_core.domain.models.coupons import Definition, RewardItem


class PurchaseMode(StrEnum):
    """Bought by redeeming, or bought first and redeemed later (Mambo)."""

    ONE_STEP = "OneStep"
    TWO_STEP = "TwoStep"


class UsageMode(StrEnum):
    """How often a user may use a coupon of a definition (Mambo)."""

    SINGLE = "single"
    MULTI = "multi"


class ValidityUnit(StrEnum):
    """What the time is counted in for which a coupon is good once awarded."""

    NONE = ""
    DAYS = "days"
    WEEKS = "weeks"
    MONTHS = "months"
    YEARS = "years"


@dataclass(frozen=True, slots=True)
class Offer:
    """The terms of a definition's coupons; `points` is 0 when they are not for sale.

    Each redeem in one step of a `multi` offer is bought anew: there a coupon is good
    for one use, whatever the usage says.
    """

    tenant_id: str
    definition_id: str
    point_id: str = ""
    points: int = 0
    mode: PurchaseMode = PurchaseMode.TWO_STEP
    usage: UsageMode = UsageMode.SINGLE
    refundable: bool = True
    period_type: ValidityUnit = ValidityUnit.NONE
    period_value: int = 0

    @property
    def is_one_step_purchase(self) -> bool:
        """True when redeeming buys."""
        return self.points > 0 and self.mode == PurchaseMode.ONE_STEP

    @property
    def is_two_step_purchase(self) -> bool:
        """True when a coupon must be bought before it is redeemed."""
        return self.points > 0 and self.mode == PurchaseMode.TWO_STEP


@dataclass(frozen=True, slots=True)
class MamboCoupon:
    """How a definition is shown in the Mambo dialect."""

    tenant_id: str
    definition_id: str
    coupon_type: str
    amount: int | float | None
    custom: str
    help_message: str
    tags: Sequence[str]
    translations: Sequence[Mapping[str, Any]]
    deleted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class OfferedCoupon:
    """A definition with what it grants, its terms, and how Mambo shows it."""

    definition: Definition
    reward_item: RewardItem
    offer: Offer
    shown: MamboCoupon
