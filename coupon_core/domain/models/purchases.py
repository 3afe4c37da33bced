"""What users do with coupons and points, and all that deciding about it takes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from coupon_core.domain.models.coupons import Definition, IssuedCoupon
from coupon_core.domain.models.offers import Offer
from coupon_core.domain.models.users import RegisteredUser


class Action(StrEnum):
    """What a coupon activity does (Mambo, document S4)."""

    BUY = "buy"
    REDEEM = "redeem"
    REFUND = "refund"


class ActivityStatus(StrEnum):
    """What became of an activity."""

    COMPLETED = "completed"
    FAILED = "failed"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class ActivityRequest:
    """Who wants to do what with which code; `attributes` are kept with it."""

    tenant_id: str
    user_id: str
    action: Action
    code: str
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Activity:
    """What a user did with a coupon, or tried to; `exception` says why it failed."""

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
    """A coupon that was paid for, and whether its points were given back."""

    tenant_id: str
    coupon_id: str
    definition_id: str
    user_id: str
    point_id: str
    points: int
    bought_at: datetime
    refunded_at: datetime | None


@dataclass(frozen=True, slots=True)
class PurchaseContext:
    """A user before a coupon: all that is asked about, held still.

    `copies` are what the user holds of it, or, if that `is_claim`, would get by
    claiming; `has_stock` says whether one more may be given out.
    """

    definition: Definition
    offer: Offer
    user: RegisteredUser | None
    copies: Sequence[IssuedCoupon]
    is_claim: bool
    user_uses: int
    has_stock: bool
    balance: int
