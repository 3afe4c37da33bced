"""Sentences about the reasons to refuse a code, and what the operator can do."""

from collections.abc import Mapping
from typing import NamedTuple

from coupon_core.domain.models import (
    AdminReason,
    AnyReason,
    PurchaseReason,
    Reason,
    ReservationReason,
)
from coupon_core.domain.models.explanations import NotFoundCause


class ReasonText(NamedTuple):
    """Why something is refused, and what the operator can do about it."""

    sentence: str
    remedy: str


CAUSE_TEXTS: Mapping[NotFoundCause, ReasonText] = {
    NotFoundCause.MALFORMED: ReasonText(
        "No such code: codes have 1 to 64 letters, digits, _ or -.",
        "Compare the code with near_matches, and ask the user to copy it.",
    ),
    NotFoundCause.MISTYPED: ReasonText(
        "No such code: its check character shows a typing error.",
        "Compare the code with near_matches, and ask the user to read it again.",
    ),
    NotFoundCause.UNKNOWN: ReasonText(
        "No such code.",
        "Compare the code with near_matches, or search for a part of it.",
    ),
    NotFoundCause.OTHER_CASE: ReasonText(
        "No such code: one exists with other upper and lower case.",
        "Tell the user that upper and lower case matter in this code.",
    ),
    NotFoundCause.OTHER_USER: ReasonText(
        "The code belongs to another user.",
        "Check which account the user is signed in with, or issue another coupon.",
    ),
    NotFoundCause.NOT_AWARDED: ReasonText(
        "The code has not been awarded to a user yet.",
        "Assign the code to the user, or let the user buy it.",
    ),
    NotFoundCause.NOT_GIVEN: ReasonText(
        "Only users who were given or bought the code have it; others cannot claim it.",
        "Generate a coupon of the definition for the user, let the user buy one if it "
        "has a price, or make the definition claimable.",
    ),
    NotFoundCause.RETURNED: ReasonText(
        "The user has returned the coupon for its points.",
        "The user can buy the coupon again.",
    ),
    NotFoundCause.DELETED: ReasonText(
        "The coupon was deleted in Mambo.",
        "Create another coupon in Mambo.",
    ),
}
REASON_TEXTS: Mapping[AnyReason, ReasonText] = {
    Reason.COUPON_NOT_FOUND: ReasonText(
        "The coupon was assigned to another user meanwhile.",
        "Issue another coupon to this user.",
    ),
    Reason.REVOKED: ReasonText(
        "The coupon is revoked.",
        "Restore the coupon, or issue another one.",
    ),
    Reason.SUSPENDED: ReasonText(
        "The definition, its campaign or the batch is suspended.",
        "Resume what is suspended.",
    ),
    Reason.ALREADY_REDEEMED: ReasonText(
        "The coupon is redeemed, and can be used only once.",
        "Reverse the redemption if it was a mistake, or issue another coupon.",
    ),
    Reason.USED_UP: ReasonText(
        "All uses of the coupon are used up.",
        "Reverse a redemption if it was a mistake, or raise limits.per_code.",
    ),
    Reason.RESERVED: ReasonText(
        "Reservations hold what is left of the uses.",
        "Confirm or release the reservation, or wait until it expires.",
    ),
    Reason.ARCHIVED: ReasonText(
        "The definition is archived, or its campaign has ended.",
        "Activate the definition, or reopen the campaign.",
    ),
    Reason.EXPIRED: ReasonText(
        "The coupon has expired.",
        "Set a later expires_at on the coupon or its definition.",
    ),
    Reason.NOT_YET_ACTIVE: ReasonText(
        "The coupon cannot be used yet.",
        "Wait until starts_at, or set an earlier one on the definition.",
    ),
    Reason.USER_LIMIT: ReasonText(
        "The user has used codes of the definition as often as allowed.",
        "Raise limits.per_user, or reverse a redemption that was a mistake.",
    ),
    Reason.USER_PERIOD_LIMIT: ReasonText(
        "The user has used codes of the definition as often as one period allows.",
        "Wait for the next period, or raise limits.per_user_period.",
    ),
    Reason.POOL_EMPTY: ReasonText(
        "Nothing is left: the total limit or the list of codes is exhausted.",
        "Raise limits.total of the definition, or add codes to its list.",
    ),
    AdminReason.NOT_ACTIVE: ReasonText(
        "Coupons are given out only while the definition is active.",
        "Activate the definition.",
    ),
    PurchaseReason.USER_NOT_FOUND: ReasonText(
        "The user is not registered.", "Register the user."
    ),
    PurchaseReason.NOT_A_MEMBER: ReasonText(
        "The user is not a member.", "Make the user a member."
    ),
    PurchaseReason.NOT_AWARDED: ReasonText(
        "The user does not hold the coupon.",
        "Let the user buy the coupon, or generate one for the user.",
    ),
    PurchaseReason.NOT_BUYABLE: ReasonText(
        "The coupon has no price, or is bought by redeeming it.",
        "Set a price, or let the user redeem it.",
    ),
    PurchaseReason.NOT_ENOUGH_POINTS: ReasonText(
        "The user does not have enough points.",
        "Credit points, or lower the price.",
    ),
    PurchaseReason.REDEEMED_OR_EXPIRED: ReasonText(
        "All coupons of the user are redeemed, expired or revoked.",
        "Let the user buy another one, or generate one for the user.",
    ),
    PurchaseReason.NOT_REFUNDABLE: ReasonText(
        "The user has not used the coupon, or it is not refundable.",
        "Reverse the redemption on the admin gateway if it was a mistake.",
    ),
    ReservationReason.RESERVATION_EXPIRED: ReasonText(
        "The reservation has expired, and its use is not available any more.",
        "Remove what prevents a redemption, and let the user reserve again.",
    ),
    ReservationReason.RESERVATION_CONFIRMED: ReasonText(
        "The reservation is confirmed: the use is redeemed.",
        "Reverse the redemption to give the use back.",
    ),
    ReservationReason.RESERVATION_RELEASED: ReasonText(
        "The reservation has been released.",
        "Let the user reserve again.",
    ),
}


def get_reason_text(reason: AnyReason, cause: NotFoundCause | None) -> ReasonText:
    """Return the sentence and the remedy of a reason, or of its cause if known."""
    return CAUSE_TEXTS[cause] if cause else REASON_TEXTS[reason]
