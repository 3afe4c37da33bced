"""What the console calls the states of codes, what happened to them, and the rules."""

from collections.abc import Mapping

from admin_gateway.console.texts import N_
from coupon_core.domain.models import CouponStatus
from coupon_core.domain.models.attempts import AttemptAction
from coupon_core.domain.models.explanations import MatchKind, Rule
from coupon_core.domain.models.points import EntryKind
from coupon_core.domain.models.reservations import ReservationState

# Each state is a word and a colour.
STATUSES: Mapping[str, tuple[str, str]] = {
    CouponStatus.ACTIVE: (N_("active"), "good"),
    CouponStatus.REDEEMED: (N_("redeemed"), "neutral"),
    CouponStatus.EXPIRED: (N_("expired"), "warning"),
    CouponStatus.REVOKED: (N_("revoked"), "bad"),
}
SUSPENDED = (N_("suspended"), "warning")
RESERVATION_STATES: Mapping[str, tuple[str, str]] = {
    ReservationState.HELD: (N_("holds a use"), "good"),
    ReservationState.CONFIRMED: (N_("confirmed"), "neutral"),
    ReservationState.RELEASED: (N_("released"), "neutral"),
    ReservationState.EXPIRED: (N_("expired"), "warning"),
}
EVENTS: Mapping[str, str] = {
    "generated": N_("Generated"),
    "imported": N_("Imported"),
    "assigned": N_("Assigned to a player"),
    "redeemed": N_("Used"),
    "reversed": N_("Use given back"),
    "refunded": N_("Refunded"),
    "returned": N_("Returned for its points"),
    "reserved": N_("Reserved"),
    "reservation_confirmed": N_("Reservation confirmed"),
    "reservation_released": N_("Reservation released"),
    "reservation_expired": N_("Reservation expired"),
    "revoked": N_("Revoked"),
    "restored": N_("Restored"),
    "expired": N_("Expired"),
    "extended": N_("Expiry extended"),
    "expiry_changed": N_("Expiry changed"),
    "reissued": N_("Replaced by another code"),
    "replacement": N_("Issued in place of another code"),
}
MATCHES: Mapping[str, str] = {
    MatchKind.EXACT: N_("exactly this code"),
    MatchKind.NORMALIZED: N_("this code, written differently"),
    MatchKind.COUPON_ID: N_("the coupon with this ID"),
    MatchKind.REDEMPTION_ID: N_("used by this redemption"),
    MatchKind.SPACING: N_("the same without blanks and hyphens"),
    MatchKind.LOOK_ALIKE: N_("characters that look alike"),
    MatchKind.ONE_EDIT: N_("one character differs"),
    MatchKind.PREFIX: N_("begins like this"),
    MatchKind.REFERENCE: N_("used with this reference"),
    MatchKind.USER_ID: N_("belongs to this player"),
}
ATTEMPT_ACTIONS: Mapping[str, str] = {
    AttemptAction.VALIDATE: N_("check"),
    AttemptAction.REDEEM: N_("use"),
    AttemptAction.RESERVE: N_("reserve"),
    AttemptAction.CONFIRM: N_("confirm a reservation"),
    AttemptAction.BUY: N_("buy"),
    AttemptAction.REFUND: N_("return"),
}
RULES: Mapping[str, str] = {
    Rule.CODE_FOUND: N_("The code exists and the player may have it"),
    Rule.NOT_REVOKED: N_("It is not revoked"),
    Rule.NOT_SUSPENDED: N_("Nothing is suspended"),
    Rule.CODE_USES_LEFT: N_("The code has uses left"),
    Rule.NOT_RESERVED: N_("No reservation holds its uses"),
    Rule.AVAILABLE: N_("Definition and campaign are active"),
    Rule.NOT_EXPIRED: N_("It has not expired"),
    Rule.STARTED: N_("It has started"),
    Rule.USER_USES_LEFT: N_("The player has uses left"),
    Rule.PERIOD_USES_LEFT: N_("The player has uses left in this period"),
    Rule.TOTAL_USES_LEFT: N_("The total limit is not reached"),
    Rule.USER_MAY_BUY: N_("The player may buy"),
    Rule.FOR_SALE: N_("It is for sale"),
    Rule.COUPON_HELD: N_("The player has the coupon"),
    Rule.COUPON_USABLE: N_("A coupon of the player can be used"),
    Rule.DEFINITION_ACTIVE: N_("The definition is active"),
    Rule.IN_STOCK: N_("Some are left"),
    Rule.ENOUGH_POINTS: N_("The player has enough points"),
    Rule.REFUNDABLE: N_("It can be returned"),
    Rule.CONFIRMABLE: N_("The reservation can be confirmed"),
    Rule.RELEASABLE: N_("The reservation can be released"),
}
POINT_KINDS: Mapping[str, str] = {
    EntryKind.CREDIT: N_("credited"),
    EntryKind.DEBIT: N_("debited"),
    EntryKind.BUY: N_("bought a coupon"),
    EntryKind.REFUND: N_("returned a coupon"),
}
# What rules compare and events record; other values of rules are not shown.
VALUES: Mapping[str, str] = {
    "balance": N_("balance"),
    "batch_id": N_("batch"),
    "batch_suspended_at": N_("batch suspended"),
    "by_others": N_("by others"),
    "campaign_suspended_at": N_("campaign suspended"),
    "definition_suspended_at": N_("definition suspended"),
    "dialect": N_("API"),
    "expires_at": N_("expires"),
    "holder": N_("player"),
    "limit": N_("limit"),
    "points": N_("price in points"),
    "new_coupon_id": N_("new code"),
    "old_coupon_id": N_("old code"),
    "reason": N_("reason"),
    "redemption_id": N_("redemption"),
    "reservation_id": N_("reservation"),
    "reserved": N_("reserved"),
    "returned_at": N_("returned"),
    "revoked_at": N_("revoked"),
    "starts_at": N_("starts"),
    "use_number": N_("use number"),
    "used": N_("used"),
    "user_id": N_("player"),
}
