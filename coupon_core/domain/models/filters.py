"""Filters and cursors of lists."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from coupon_core.domain.models import CouponStatus, Dialect, Page


@dataclass(frozen=True, slots=True)
class CouponFilter:
    """A filter of the coupons of a tenant; None does not filter."""

    definition_id: str | None = None
    user_id: str | None = None
    coupon_id: str | None = None
    code: str | None = None
    status: CouponStatus | None = None
    redeemed: bool = False
    kept: bool = False  # not returned for its points
    batch_id: str | None = None
    generated_from: datetime | None = None
    generated_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class RedemptionFilter:
    """A filter of the redemptions of a tenant; None does not filter."""

    redemption_id: int | None = None
    user_id: str | None = None
    code: str | None = None
    definition_id: str | None = None
    campaign_id: str | None = None
    reference: str | None = None
    dialect: Dialect | None = None
    redeemed_from: datetime | None = None
    redeemed_before: datetime | None = None
    before_id: int | None = None  # the last redemption of the previous page


@dataclass(frozen=True, slots=True)
class PageCursor:
    """A page of coupons, newest first: `limit` coupons older than `after_id`."""

    limit: int
    after_id: str | None = None


@dataclass(frozen=True, slots=True)
class KeyPage(Page):
    """A page of a list by a unique key: `limit` rows that follow the key `after`."""

    after: str = ""


@dataclass(frozen=True, slots=True)
class TagFilter:
    """A filter of a Mambo list by tags.

    `visible_to` selects entries that have one of these tags or no tags.
    """

    any_of: Sequence[str] = ()
    all_of: Sequence[str] = ()
    visible_to: Sequence[str] | None = None


@dataclass(frozen=True, slots=True)
class ActivityFilter(TagFilter):
    """A filter of the activities in a Mambo list."""

    user_id: str | None = None


@dataclass(frozen=True, slots=True)
class OfferFilter(TagFilter):
    """A filter of the coupons in a Mambo list."""

    buyable: bool | None = None
    only_active: bool = False
