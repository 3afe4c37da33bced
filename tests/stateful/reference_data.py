"""Offers and coupons of the reference model, and its reasons to refuse."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

RESERVED = "reserved"
NOT_FOUND, REVOKED, ALREADY_REDEEMED = "not found", "revoked", "already redeemed"
USED_UP, ARCHIVED, EXPIRED = "used up", "archived", "expired"
SUSPENDED, PERIOD_LIMIT_REACHED = "suspended", "user's limit in a period"
NOT_YET_ACTIVE, USER_LIMIT_REACHED, POOL_EXHAUSTED = (
    "not yet active",
    "user's limit",
    "pool empty",
)


class ModelRefusal(Exception):
    """A request of an administrator that must be refused, with this error code."""


@dataclass(eq=False)
class Offer:
    """A definition: how its coupons may be used."""

    code: str = ""  # "" means random: each coupon has its own code
    case_sensitive: bool = False  # codes that differ in case only are different
    claimable: bool = False  # anyone who enters the code gets a coupon
    starts: datetime | None = None
    ends: datetime | None = None
    per_code: int = 1
    per_user: int = 0
    total: int = 0
    awarded_only: bool = False
    per_period: int = 0
    period: str = ""  # day, week or month
    suspended: bool = False
    status: str = "active"
    id: str = ""

    @property
    def hot(self) -> bool:
        """Return whether uses are counted in slots: both kinds must answer alike."""
        return self.total % 2 == 1


@dataclass(eq=False)
class HeldCoupon:
    """A coupon, as the model stores it."""

    offer: Offer
    user: str
    code: str
    generated_at: datetime
    own_end: datetime | None = None
    use_count: int = 0
    last_used_at: datetime | None = None
    revoked: bool = False
    id: str = ""
    # the user of each redemption, to count by user
    used_by: list[str] = field(default_factory=list)
    used_at: list[datetime] = field(default_factory=list)
    # when each use began to count in a period: a reserved one before it was confirmed
    counted_at: list[datetime] = field(default_factory=list)

    @property
    def expires(self) -> datetime | None:
        """Return the coupon's own end, or else the offer's."""
        return self.own_end or self.offer.ends

    def status(self, now: datetime) -> str:
        """Return the status that the gateways must report."""
        if self.revoked:
            return "revoked"
        if self.offer.per_code and self.use_count >= self.offer.per_code:
            return "redeemed"
        return "expired" if self.expires and self.expires < now else "active"


@dataclass(eq=False)
class HeldUse:
    """A reservation, as the model stores it."""

    coupon: HeldCoupon
    user: str
    reserved_at: datetime
    ends: datetime
    state: str = "held"
    id: str = ""

    def is_live(self, now: datetime) -> bool:
        """Return True while it holds a use."""
        return self.state == "held" and now <= self.ends
