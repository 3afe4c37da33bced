"""THE table of refusals: a row for each reason, a column for each dialect."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from coupon_core.model import AdminReason, AnyReason, AuthReason, Reason
from coupon_core.web.callers import AUTH_REFUSALS
from coupon_core.web.problems import Row


@dataclass(frozen=True, slots=True)
class Refusal:
    """What one reason is called (documents S0, S1 and S3, CONTRACTS 0.5 and 3.2).

    Phoenix's validate answers 200 with a text of its own, PlayCamp's with code and text
    of its redeem; a redeem answers status, code and text.
    """

    phoenix_validate: str
    phoenix_redeem: Row
    playcamp: Row


REFUSALS: Mapping[Reason, Refusal] = MappingProxyType(
    {
        Reason.COUPON_NOT_FOUND: Refusal(
            "Coupon code not found",
            (404, "COUPON_NOT_FOUND", "Coupon not found"),
            (404, "COUPON_NOT_FOUND", "Coupon not found"),
        ),
        Reason.REVOKED: Refusal(
            "Coupon status: revoked",
            (400, "COUPON_REVOKED", "Coupon status: revoked"),
            (400, "COUPON_INACTIVE", "Coupon is not active"),
        ),
        Reason.ALREADY_REDEEMED: Refusal(
            "Coupon has already been used",
            (400, "ALREADY_REDEEMED", "Coupon has already been redeemed"),
            (400, "USER_CODE_LIMIT", "User code usage limit exceeded"),
        ),
        Reason.USED_UP: Refusal(
            "Coupon status: redeemed",
            (400, "USAGE_LIMIT_EXCEEDED", "Usage limit exceeded"),
            (400, "USER_CODE_LIMIT", "User code usage limit exceeded"),
        ),
        Reason.ARCHIVED: Refusal(
            "Coupon is no longer available",
            (400, "COUPON_UNAVAILABLE", "Coupon is no longer available"),
            (400, "COUPON_INACTIVE", "Coupon is not active"),
        ),
        Reason.EXPIRED: Refusal(
            "Coupon has expired",
            (400, "COUPON_EXPIRED", "Coupon has expired"),
            (400, "COUPON_EXPIRED", "Coupon has expired"),
        ),
        Reason.NOT_YET_ACTIVE: Refusal(
            "Coupon not yet active",
            (400, "COUPON_NOT_YET_ACTIVE", "Coupon not yet active"),
            (400, "COUPON_NOT_YET_VALID", "Coupon is not yet valid"),
        ),
        Reason.USER_LIMIT: Refusal(
            "Usage limit exceeded",
            (400, "USAGE_LIMIT_EXCEEDED", "Usage limit exceeded"),
            (400, "USER_PACKAGE_LIMIT", "User package usage limit exceeded"),
        ),
        Reason.POOL_EMPTY: Refusal(
            "Usage limit exceeded",
            (400, "USAGE_LIMIT_EXCEEDED", "Usage limit exceeded"),
            (400, "TOTAL_USAGE_LIMIT", "Total usage limit exceeded"),
        ),
    }
)

PHOENIX: Mapping[AnyReason, Row] = MappingProxyType(
    {
        **AUTH_REFUSALS,
        **{reason: refusal.phoenix_redeem for reason, refusal in REFUSALS.items()},
    }
)

PLAYCAMP_CODES = frozenset(refusal.playcamp[1] for refusal in REFUSALS.values())

PLAYCAMP: Mapping[AnyReason, Row] = MappingProxyType(
    {
        **AUTH_REFUSALS,
        AuthReason.NO_CREDENTIALS: (
            401,
            "UNAUTHORIZED",
            "Authorization: Bearer keyId:secret was expected",
        ),
        **{reason: refusal.playcamp for reason, refusal in REFUSALS.items()},
        AdminReason.CAMPAIGN_NOT_FOUND: (404, "NOT_FOUND", "Campaign not found"),
        AdminReason.CREATOR_NOT_FOUND: (404, "NOT_FOUND", "Creator not found"),
    }
)
