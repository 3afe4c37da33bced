"""The table of refused codes: a row for each reason, a column for each API.

The query gateway answers with it, and the admin gateway explains its codes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from coupon_core.domain.models import (
    AdminReason,
    AnyReason,
    PurchaseReason,
    Reason,
    ReservationReason,
)
from coupon_core.web.dialects import RefusalResponse


@dataclass(frozen=True, slots=True)
class Refusal:
    """The status, code and text of one reason in each API.

    Phoenix's validate answers 200 with a text of its own; PlayCamp's validate answers
    200 with the code and text of its redeem. Mambo has an exception for each reason.
    Sources: docs/api-contracts.md 0.5 (Phoenix), 3.2 (PlayCamp), 0.21 (Mambo).
    """

    phoenix_validate: str
    phoenix_redeem: RefusalResponse
    playcamp: RefusalResponse
    mambo: RefusalResponse


MAMBO_INACTIVE = (400, "CouponInactiveException", "The coupon is not active")
MAMBO_REDEEMED = (400, "CouponRedeemedException", "The user has redeemed the coupon")
MAMBO_SCARCE = (400, "CouponScarcityException", "No more of these coupons are left")

USER_LIMIT_REFUSAL = Refusal(
    "Usage limit exceeded",
    (400, "USAGE_LIMIT_EXCEEDED", "Usage limit exceeded"),
    playcamp=(400, "USER_PACKAGE_LIMIT", "User package usage limit exceeded"),
    mambo=MAMBO_REDEEMED,
)

REFUSALS: Mapping[Reason, Refusal] = MappingProxyType(
    {
        Reason.COUPON_NOT_FOUND: Refusal(
            "Coupon code not found",
            (404, "COUPON_NOT_FOUND", "Coupon not found"),
            playcamp=(404, "COUPON_NOT_FOUND", "Coupon not found"),
            mambo=(404, "CouponNotFoundException", "The coupon does not exist"),
        ),
        Reason.REVOKED: Refusal(
            "Coupon status: revoked",
            (400, "COUPON_REVOKED", "Coupon status: revoked"),
            playcamp=(400, "COUPON_INACTIVE", "Coupon is not active"),
            mambo=MAMBO_INACTIVE,
        ),
        Reason.SUSPENDED: Refusal(
            "Coupon is suspended",
            (400, "COUPON_SUSPENDED", "Coupon is suspended"),
            playcamp=(400, "COUPON_INACTIVE", "Coupon is not active"),
            mambo=MAMBO_INACTIVE,
        ),
        Reason.ALREADY_REDEEMED: Refusal(
            "Coupon has already been used",
            (400, "ALREADY_REDEEMED", "Coupon has already been redeemed"),
            playcamp=(400, "USER_CODE_LIMIT", "User code usage limit exceeded"),
            mambo=MAMBO_REDEEMED,
        ),
        Reason.USED_UP: Refusal(
            "Coupon status: redeemed",
            (400, "USAGE_LIMIT_EXCEEDED", "Usage limit exceeded"),
            playcamp=(400, "USER_CODE_LIMIT", "User code usage limit exceeded"),
            mambo=MAMBO_REDEEMED,
        ),
        Reason.RESERVED: Refusal(
            "Coupon is reserved",
            (400, "COUPON_RESERVED", "Coupon is reserved"),
            playcamp=(400, "USER_CODE_LIMIT", "User code usage limit exceeded"),
            mambo=MAMBO_REDEEMED,
        ),
        Reason.ARCHIVED: Refusal(
            "Coupon is no longer available",
            (400, "COUPON_UNAVAILABLE", "Coupon is no longer available"),
            playcamp=(400, "COUPON_INACTIVE", "Coupon is not active"),
            mambo=MAMBO_INACTIVE,
        ),
        Reason.EXPIRED: Refusal(
            "Coupon has expired",
            (400, "COUPON_EXPIRED", "Coupon has expired"),
            playcamp=(400, "COUPON_EXPIRED", "Coupon has expired"),
            mambo=(400, "CouponExpiredException", "The coupon has expired"),
        ),
        Reason.NOT_YET_ACTIVE: Refusal(
            "Coupon not yet active",
            (400, "COUPON_NOT_YET_ACTIVE", "Coupon not yet active"),
            playcamp=(400, "COUPON_NOT_YET_VALID", "Coupon is not yet valid"),
            mambo=MAMBO_INACTIVE,
        ),
        Reason.USER_LIMIT: USER_LIMIT_REFUSAL,
        Reason.USER_PERIOD_LIMIT: USER_LIMIT_REFUSAL,
        Reason.POOL_EMPTY: Refusal(
            "Usage limit exceeded",
            (400, "USAGE_LIMIT_EXCEEDED", "Usage limit exceeded"),
            playcamp=(400, "TOTAL_USAGE_LIMIT", "Total usage limit exceeded"),
            mambo=MAMBO_SCARCE,
        ),
    }
)

RESERVATION_REFUSALS: Mapping[AnyReason, RefusalResponse] = {
    ReservationReason.RESERVATION_NOT_FOUND: (
        404,
        "RESERVATION_NOT_FOUND",
        "Reservation not found",
    ),
    ReservationReason.RESERVATION_EXPIRED: (
        409,
        "RESERVATION_EXPIRED",
        "The reservation has expired, and the coupon cannot be redeemed any more",
    ),
    ReservationReason.RESERVATION_CONFIRMED: (
        409,
        "RESERVATION_CONFIRMED",
        "The reservation has been confirmed and cannot be released",
    ),
    ReservationReason.RESERVATION_RELEASED: (
        409,
        "RESERVATION_RELEASED",
        "The reservation has been released and cannot be confirmed",
    ),
}
# Reasons that only the Mambo API can meet.
MAMBO_ONLY_REFUSALS: Mapping[AnyReason, RefusalResponse] = {
    PurchaseReason.USER_NOT_FOUND: (
        404,
        "UserNotFoundException",
        "The user does not exist",
    ),
    PurchaseReason.NOT_A_MEMBER: (
        400,
        "CouponMemberException",
        "The user is not a member",
    ),
    PurchaseReason.NOT_AWARDED: (
        400,
        "CouponNotAwardedException",
        "The user has not been awarded the coupon",
    ),
    PurchaseReason.NOT_BUYABLE: (
        400,
        "CouponNotBuyableException",
        "The coupon cannot be bought with points, or is bought by redeeming it",
    ),
    PurchaseReason.NOT_ENOUGH_POINTS: (
        400,
        "CouponPointsException",
        "The user does not have enough points",
    ),
    PurchaseReason.REDEEMED_OR_EXPIRED: (
        400,
        "CouponRedeemedOrExpiredException",
        "All of the user's coupons of this code are redeemed or expired",
    ),
    PurchaseReason.NOT_REFUNDABLE: (
        400,
        "CouponRefundException",
        "The user has not used the coupon, or it is not refundable",
    ),
    PurchaseReason.ACTIVITY_NOT_FOUND: (
        404,
        "ActivityNotFoundException",
        "The activity does not exist",
    ),
    PurchaseReason.MADE_ELSEWHERE: (
        400,
        "CouponNotEditableException",
        "This coupon was created on the admin gateway and can only be changed there",
    ),
    AdminReason.NOT_ACTIVE: MAMBO_INACTIVE,
    AdminReason.DEFINITION_SUSPENDED: MAMBO_INACTIVE,
    AdminReason.TOTAL_LIMIT_REACHED: MAMBO_SCARCE,
    AdminReason.USER_EXISTS: (400, "UserExistsException", "The user exists already"),
    AdminReason.WALLET_FULL: (
        400,
        "PointsFullException",
        "The wallet of the user cannot hold so many points",
    ),
    AdminReason.NAME_TAKEN: (
        400,
        "ValidationException",
        "name: another coupon has this name",
    ),
    AdminReason.CODE_TAKEN: (
        400,
        "ValidationException",
        "code: this code is in use already",
    ),
    AdminReason.CODE_RULES_FROZEN: (
        400,
        "ValidationException",
        "code: cannot change or become a list while coupons exist",
    ),
    AdminReason.LIMIT_BELOW_USES: (
        400,
        "ValidationException",
        "scarcity.limit, usage: expected at least the number given out or used so far",
    ),
}
