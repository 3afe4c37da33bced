"""How many coupons a definition has, and how often they were used."""

from collections.abc import Mapping
from dataclasses import dataclass

from coupon_core.domain.enums import CouponStatus


@dataclass(frozen=True, slots=True)
class CouponUsage:
    """How the coupons of a definition were used; changes of its limits depend on it."""

    coupon_count: int
    award_count: int  # assigned to users, and not returned
    use_count: int
    max_coupon_use_count: int  # of the coupon that was used most
    max_user_use_count: int
    max_user_period_use_count: int = 0  # in the current period


@dataclass(frozen=True, slots=True)
class DefinitionStats:
    """Number of coupons of a definition by status, and number of redemptions."""

    coupon_counts: Mapping[CouponStatus, int]
    redemption_count: int
