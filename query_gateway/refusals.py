"""THE table of refusals: a row for each reason, a column for each dialect."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from coupon_core.model import AnyReason, Reason
from coupon_core.web.callers import AUTH_REFUSALS
from coupon_core.web.problems import Row


@dataclass(frozen=True, slots=True)
class Refusal:
    """What one reason is called (documents S0 and S1, CONTRACTS 0.5).

    Validate answers 200 with a text of its own; redeem answers status, code and text.
    """

    phoenix_validate: str
    phoenix_redeem: Row


REFUSALS: Mapping[Reason, Refusal] = MappingProxyType(
    {
        Reason.COUPON_NOT_FOUND: Refusal(
            "Coupon code not found",
            (404, "COUPON_NOT_FOUND", "Coupon not found"),
        ),
        Reason.REVOKED: Refusal(
            "Coupon status: revoked",
            (400, "COUPON_REVOKED", "Coupon status: revoked"),
        ),
        Reason.ALREADY_REDEEMED: Refusal(
            "Coupon has already been used",
            (400, "ALREADY_REDEEMED", "Coupon has already been redeemed"),
        ),
        Reason.USED_UP: Refusal(
            "Coupon status: redeemed",
            (400, "USAGE_LIMIT_EXCEEDED", "Usage limit exceeded"),
        ),
        Reason.ARCHIVED: Refusal(
            "Coupon is no longer available",
            (400, "COUPON_UNAVAILABLE", "Coupon is no longer available"),
        ),
        Reason.EXPIRED: Refusal(
            "Coupon has expired",
            (400, "COUPON_EXPIRED", "Coupon has expired"),
        ),
        Reason.NOT_YET_ACTIVE: Refusal(
            "Coupon not yet active",
            (400, "COUPON_NOT_YET_ACTIVE", "Coupon not yet active"),
        ),
        Reason.USER_LIMIT: Refusal(
            "Usage limit exceeded",
            (400, "USAGE_LIMIT_EXCEEDED", "Usage limit exceeded"),
        ),
        Reason.POOL_EMPTY: Refusal(
            "Usage limit exceeded",
            (400, "USAGE_LIMIT_EXCEEDED", "Usage limit exceeded"),
        ),
    }
)

PHOENIX: Mapping[AnyReason, Row] = MappingProxyType(
    {
        **AUTH_REFUSALS,
        **{reason: refusal.phoenix_redeem for reason, refusal in REFUSALS.items()},
    }
)
