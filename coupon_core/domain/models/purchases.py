"""Purchases and activities, and the context in which they are decided (Mambo)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from coupon_core.domain.models.coupons import Definition, IssuedCoupon, UserUsage
from coupon_core.domain.models.offers import Offer
from coupon_core.domain.models.users import RegisteredUser


class Action(StrEnum):
    """What a coupon activity does (Mambo specification)."""

    BUY = "buy"
    REDEEM = "redeem"
    REFUND = "refund"


class ActivityStatus(StrEnum):
    """The result of an activity."""

    COMPLETED = "completed"
    FAILED = "failed"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class ActivityRequest:
    """A requested activity; `attributes` and `tags` are stored with it.

    `created_at` overrides the time at which the activity is recorded, not the time at
    which its coupon is checked.
    """

    tenant_id: str
    user_id: str
    action: Action
    code: str
    attributes: Mapping[str, Any] = field(default_factory=dict)
    tags: Sequence[str] = ()
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Activity:
    """An attempted or completed activity; `exception` is set if it failed."""

    tenant_id: str
    activity_id: str
    user_id: str
    action: Action
    code: str
    coupon_id: str | None
    definition_id: str | None
    status: ActivityStatus
    exception: str
    reason: str
    attributes: Mapping[str, Any]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Purchase:
    """A coupon that was paid for; `refunded_at` is when its points were returned."""

    tenant_id: str
    coupon_id: str
    definition_id: str
    user_id: str
    point_id: str
    points: int
    bought_at: datetime
    refunded_at: datetime | None


@dataclass(frozen=True, slots=True)
class ReturnedUse:
    """A use of a coupon that was given back, and the API that it was made through."""

    use_number: int
    dialect: str


@dataclass(frozen=True, slots=True)
class PurchaseContext:
    """A consistent snapshot of all that decisions about a user and a coupon depend on.

    `copies` are the coupons that the user holds or, if `is_claim`, would receive by
    claiming. `has_stock` is True if one more coupon may be awarded.
    """

    definition: Definition
    offer: Offer
    user: RegisteredUser | None
    copies: Sequence[IssuedCoupon]
    is_claim: bool
    usage: UserUsage
    has_stock: bool
    balance: int
