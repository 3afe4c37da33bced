"""Offers: the price, usage and validity of the coupons of a definition (Mambo)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from coupon_core.domain.models.coupons import Definition, IssuedCoupon, RewardItem


class PurchaseMode(StrEnum):
    """Whether redeeming includes the purchase, or follows it (Mambo)."""

    ONE_STEP = "OneStep"
    TWO_STEP = "TwoStep"


class UsageMode(StrEnum):
    """Whether a user may use the coupons of a definition once or repeatedly (Mambo)."""

    SINGLE = "single"
    MULTI = "multi"


class ValidityUnit(StrEnum):
    """Unit of the validity period that begins when a coupon is awarded."""

    NONE = ""
    DAYS = "days"
    WEEKS = "weeks"
    MONTHS = "months"
    YEARS = "years"


@dataclass(frozen=True, slots=True)
class Offer:
    """The terms of a definition's coupons; `points` is 0 if they are not for sale.

    Each one-step redemption of a `multi` offer is a new purchase. Its coupons are valid
    for one use each, whatever `usage` is.
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
        """True if redeeming includes the purchase."""
        return self.points > 0 and self.mode == PurchaseMode.ONE_STEP

    @property
    def is_two_step_purchase(self) -> bool:
        """True if a coupon must be bought before it is redeemed."""
        return self.points > 0 and self.mode == PurchaseMode.TWO_STEP


@dataclass(frozen=True, slots=True)
class OfferDisplay:
    """How an offer is displayed (Mambo).

    `name` is shown instead of the name of the definition, and may repeat; "" stands for
    that name.
    """

    tenant_id: str
    definition_id: str
    coupon_type: str
    amount: int | float | None
    custom: str
    help_message: str
    tags: Sequence[str]
    translations: Sequence[Mapping[str, Any]]
    deleted_at: datetime | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class OfferedCoupon:
    """A definition with its reward item, its terms and its display."""

    definition: Definition
    reward_item: RewardItem
    offer: Offer
    display: OfferDisplay

    @property
    def name(self) -> str:
        """The coupon's name in Mambo."""
        return self.display.name or self.definition.name


@dataclass(frozen=True, slots=True)
class HeldCoupon:
    """A coupon of a user, and what the Mambo API says of its definition."""

    issued: IssuedCoupon
    offered: OfferedCoupon
