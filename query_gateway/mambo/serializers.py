"""Serializers of the Mambo API, and parsers of the IDs in its paths."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from coupon_core.domain.identifiers import is_user_id
from coupon_core.domain.models import (
    AnyReason,
    CodeFormat,
    CouponStatus,
    DefinitionStatus,
    PurchaseReason,
    Reason,
    Refused,
)
from coupon_core.domain.models.offers import (
    HeldCoupon,
    Offer,
    OfferedCoupon,
    ValidityUnit,
)
from coupon_core.domain.models.points import Wallet
from coupon_core.domain.models.purchases import Activity
from coupon_core.domain.models.users import RegisteredUser
from coupon_core.domain.rules.redemption import get_coupon_status
from coupon_core.domain.timestamps import format_timestamp_milliseconds
from coupon_core.schemas.identifiers import is_uuid
from coupon_core.services.points import offers
from query_gateway.refusals import MAMBO_REFUSALS

Document = dict[str, Any]
COUPON_STATES: Mapping[CouponStatus, str] = {
    CouponStatus.ACTIVE: "AVAILABLE",
    CouponStatus.REDEEMED: "REDEEMED",
    CouponStatus.EXPIRED: "EXPIRED",
    CouponStatus.REVOKED: "REVOKED",
}
BUYABLE_STATE = "BUYABLE"


def parse_activity_id(text: str) -> str:
    """Return the activity ID in lower case, or refuse what cannot be one."""
    return _parse_uuid(text, PurchaseReason.ACTIVITY_NOT_FOUND)


def parse_coupon_id(text: str) -> str:
    """Return the coupon ID in lower case, or refuse what cannot be one."""
    return _parse_uuid(text, Reason.COUPON_NOT_FOUND)


def _parse_uuid(text: str, not_found_reason: AnyReason) -> str:
    if not is_uuid(text):
        raise Refused(not_found_reason)
    return text.lower()


def parse_user_id(text: str) -> str:
    """Return the user ID.

    Raises:
        Refused: The text is not a valid user ID, so no user can have it.
    """
    if not is_user_id(text):
        raise Refused(PurchaseReason.USER_NOT_FOUND)
    return text


def serialize_coupon(offered: OfferedCoupon) -> Document:
    """Return a coupon of a site."""
    definition, offer, display = offered.definition, offered.offer, offered.display
    return {
        "id": definition.definition_id,
        "name": offered.name,
        "code": definition.custom_code or None,
        "type": display.coupon_type,
        "active": definition.effective_status != DefinitionStatus.ARCHIVED,
        "amount": display.amount,
        "custom": display.custom,
        "pointsToBuy": _serialize_points(offer),
        "buyRedemptionMode": offer.mode.value,
        "helpMessage": display.help_message,
        "usage": offer.usage.value,
        "expiration": _serialize_expiration(offered),
        "scarcity": _serialize_scarcity(offered),
        "refundable": offer.refundable,
        "tagTags": list(display.tags),
        "translations": list(display.translations),
        "startsOn": format_timestamp_milliseconds(definition.starts_at),
        "createdOn": format_timestamp_milliseconds(definition.created_at),
        "updatedOn": format_timestamp_milliseconds(definition.updated_at),
    }


def serialize_coupon_with_codes(offered: OfferedCoupon) -> Document:
    """Return a coupon, with its list of codes if it has one."""
    if offered.definition.code_format != CodeFormat.LISTED:
        return serialize_coupon(offered)
    return {**serialize_coupon(offered), "codes": offers.list_codes(offered)}


def _serialize_points(offer: Offer) -> Document | None:
    if not offer.points:
        return None
    return {"pointId": offer.point_id, "points": offer.points}


def _serialize_expiration(offered: OfferedCoupon) -> Document:
    offer, end = offered.offer, offered.definition.expires_at
    if offer.period_type != ValidityUnit.NONE:
        period = {"type": offer.period_type.value, "value": offer.period_value}
        return {"type": "variable_period", "period": period}
    if end:
        return {"type": "fixed_date", "date": format_timestamp_milliseconds(end)}
    return {"type": "never"}


def _serialize_scarcity(offered: OfferedCoupon) -> Document | None:
    limit = offered.definition.total_limit
    return {"limit": limit, "counter": offered.definition.used_count} if limit else None


def serialize_held_coupon(held: HeldCoupon, now: datetime) -> Document:
    """Return a coupon that a user holds."""
    issued = held.issued
    return {
        "id": issued.coupon.coupon_id,
        "code": issued.coupon.code,
        "state": COUPON_STATES[get_coupon_status(issued, now)],
        "awardedOn": format_timestamp_milliseconds(issued.coupon.generated_at),
        "redeemedOn": format_timestamp_milliseconds(issued.coupon.redeemed_at),
        "expiresOn": format_timestamp_milliseconds(issued.expires_at),
        "coupon": serialize_coupon(held.offered),
    }


def serialize_buyable_coupon(offered: OfferedCoupon) -> Document:
    """Return a coupon that the user can buy, in the shape of a held coupon."""
    empty_members = dict.fromkeys(("id", "awardedOn", "redeemedOn"))
    return {
        **empty_members,
        "code": offered.definition.custom_code or None,
        "state": BUYABLE_STATE,
        "expiresOn": format_timestamp_milliseconds(offered.definition.expires_at),
        "coupon": serialize_coupon(offered),
    }


def serialize_user(user: RegisteredUser, wallets: Sequence[Wallet]) -> Document:
    """Return a user with a balance for each kind of points."""
    return {
        "id": user.user_id,
        "uuid": user.user_id,
        "isMember": user.is_member,
        "details": dict(user.details),
        "tagTags": list(user.tags),
        "points": [
            {
                "point": {"id": wallet.point_id},
                "pointId": wallet.point_id,
                "balance": wallet.balance,
            }
            for wallet in wallets
        ],
        "createdOn": format_timestamp_milliseconds(user.created_at),
        "updatedOn": format_timestamp_milliseconds(user.updated_at),
    }


def serialize_activity(activity: Activity) -> Document:
    """Return an activity; a failed one includes its exception."""
    attrs = {"type": "coupon", "action": activity.action.value, "code": activity.code}
    return {
        "id": activity.activity_id,
        "uuid": activity.user_id,
        "attrs": attrs,
        "status": activity.status.value.upper(),
        "exception": EXCEPTIONS_BY_REASON[activity.exception]
        if activity.exception
        else None,
        "couponId": activity.definition_id,
        "userCouponId": activity.coupon_id,
        "rejectionReason": activity.reason or None,
        "createdOn": format_timestamp_milliseconds(activity.created_at),
        **activity.attributes,
    }


EXCEPTIONS_BY_REASON: Mapping[str, str] = {
    reason.value: code for reason, (_, code, _) in MAMBO_REFUSALS.items()
}
