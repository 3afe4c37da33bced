"""Filters and cursors of lists."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from coupon_core.domain.models import CouponStatus


@dataclass(frozen=True, slots=True)
class CouponFilter:
    """Which coupons of a tenant a list shows; None does not choose."""

    definition_id: str | None = None
    user_id: str | None = None
    coupon_id: str | None = None
    code: str | None = None
    status: CouponStatus | None = None
    redeemed: bool = False
    kept: bool = False  # not given back for its points
    batch_id: str | None = None
    generated_from: datetime | None = None
    generated_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class PageCursor:
    """Where a page begins, and its length: what is older than a coupon."""

    limit: int
    after_id: str | None = None


@dataclass(frozen=True, slots=True)
class OfferFilter:
    """Which coupons a Mambo list shows.

    With `visible_to`, those that have one of these tags, and those that have none.
    """

    any_of: Sequence[str] = ()
    all_of: Sequence[str] = ()
    visible_to: Sequence[str] | None = None
    buyable: bool | None = None
    only_active: bool = False
