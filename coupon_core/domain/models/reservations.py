"""Reservations: uses of coupons that are held for a while."""

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from coupon_core.domain.metadata import Metadata


class ReservationState(StrEnum):
    """The state of a reservation; only a held one counts in limits."""

    HELD = "held"
    CONFIRMED = "confirmed"
    RELEASED = "released"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Reservation:
    """A use of a coupon that is held for a user; the fields are its columns.

    After `expires_at` it holds nothing, also while its state is still `held`.
    """

    tenant_id: str
    reservation_id: str
    coupon_id: str
    definition_id: str
    user_id: str
    state: ReservationState
    reserved_at: datetime
    expires_at: datetime
    ended_at: datetime | None = None
    period_key: str = ""  # the period that it counts in
    reference: str | None = None
    metadata: Metadata | None = None
    usage_slot: int | None = None  # None unless it raised a slot

    def is_live(self, now: datetime) -> bool:
        """Return True while it holds a use."""
        return self.state == ReservationState.HELD and now <= self.expires_at


@dataclass(frozen=True, slots=True)
class ReservedUses:
    """The uses of a definition that are reserved now, as they concern one user.

    `ended_count` is the number of reservations that hold nothing any more, but are
    still contained in the counter of the total limit.
    """

    user_count: int = 0
    period_count: int = 0
    ended_count: int = 0
    coupon_counts: Mapping[str, int] = field(default_factory=dict)
    coupons_of_others: Set[str] = frozenset()


NO_RESERVED_USES = ReservedUses()
