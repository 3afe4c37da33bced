"""Explanations: every rule about a code with its verdict, and what a search found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeAlias

from coupon_core.domain.models.attempts import Attempt
from coupon_core.domain.models.coupons import IssuedCoupon
from coupon_core.domain.models.inventory import TimelineEntry
from coupon_core.domain.models.purchases import Action
from coupon_core.domain.models.reservations import Reservation
from coupon_core.domain.refusals import AnyReason


class Rule(StrEnum):
    """What must hold for a code to be used; named as it holds."""

    CODE_FOUND = "code_found"
    NOT_REVOKED = "not_revoked"
    NOT_SUSPENDED = "not_suspended"
    CODE_USES_LEFT = "code_uses_left"
    NOT_RESERVED = "not_reserved"
    AVAILABLE = "available"
    NOT_EXPIRED = "not_expired"
    STARTED = "started"
    USER_USES_LEFT = "user_uses_left"
    PERIOD_USES_LEFT = "period_uses_left"
    TOTAL_USES_LEFT = "total_uses_left"
    # Only purchases and the activities of users who are registered (Mambo).
    USER_MAY_BUY = "user_may_buy"
    FOR_SALE = "for_sale"
    COUPON_HELD = "coupon_held"
    COUPON_USABLE = "coupon_usable"
    DEFINITION_ACTIVE = "definition_active"
    IN_STOCK = "in_stock"
    ENOUGH_POINTS = "enough_points"
    REFUNDABLE = "refundable"
    # Only reservations.
    CONFIRMABLE = "confirmable"
    RELEASABLE = "releasable"


RuleResult: TypeAlias = tuple[Rule, AnyReason | None]
"""A rule, and the reason to refuse if it is violated."""


class NotFoundCause(StrEnum):
    """Why a code leads to no coupon that the user could redeem."""

    MALFORMED = "malformed"  # no code can look like this
    MISTYPED = "mistyped"  # its check character is wrong
    UNKNOWN = "unknown"
    OTHER_CASE = "other_case"  # only with other upper and lower case
    OTHER_USER = "other_user"  # another user has it
    NOT_AWARDED = "not_awarded"  # nobody has it yet, and it cannot be claimed
    NOT_GIVEN = "not_given"  # a shared code that the user was never given
    RETURNED = "returned"  # the user has returned it for its points
    DELETED = "deleted"  # its Mambo coupon was deleted


@dataclass(frozen=True, slots=True)
class Verdict:
    """A rule, why it is violated (None if it holds), and the values it compares."""

    rule: Rule
    reason: AnyReason | None
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ExplainedReservation:
    """A reservation of the coupon, and whether it could be confirmed and released."""

    reservation: Reservation
    verdicts: Sequence[Verdict]


@dataclass(frozen=True, slots=True)
class Explanation:
    """All that decides whether a user can use a code at a moment.

    Without `user_id`, the code is explained for its holder, or for any new user.
    """

    code: str  # as it was entered
    user_id: str | None
    at: datetime
    verdicts: Sequence[Verdict]
    issued: IssuedCoupon | None = None
    is_stored: bool = False  # False for the coupon that the user would claim
    reservations: Sequence[ExplainedReservation] = ()
    activities: Mapping[Action, Sequence[Verdict]] = field(default_factory=dict)
    timeline: Sequence[TimelineEntry] = ()
    attempts: Sequence[Attempt] = ()
    near_matches: Sequence["SearchHit"] = ()

    @property
    def violation(self) -> Verdict | None:
        """The first violated rule, which is the answer to the user."""
        return next((verdict for verdict in self.verdicts if verdict.reason), None)


class MatchKind(StrEnum):
    """How what was searched for led to a hit, the closest first."""

    EXACT = "exact"
    NORMALIZED = "normalized"
    COUPON_ID = "coupon_id"
    REDEMPTION_ID = "redemption_id"
    SPACING = "spacing"
    LOOK_ALIKE = "look_alike"
    ONE_EDIT = "one_edit"
    PREFIX = "prefix"
    REFERENCE = "reference"
    USER_ID = "user_id"


@dataclass(frozen=True, slots=True)
class SearchHit:
    """A code that a search found; of a shared code the coupon is None."""

    match: MatchKind
    code: str
    definition_id: str
    definition_name: str
    coupon_id: str | None
    user_id: str  # "" if it is unassigned or shared
    creator_key: str = ""
    redemption_id: int | None = None
