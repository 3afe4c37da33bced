"""Values of the core in Mambo's words, and ids as its paths bring them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from coupon_core.domain.models import (
    CodeFormat,
    CouponStatus,
    DefinitionStatus,
    IssuedCoupon,
    PurchaseReason,
    Reason,
    Refused,
)
from coupon_core.domain.models.offers import Offer, OfferedCoupon, Period
from coupon_core.domain.models.points import Wallet
from coupon_core.domain.models.purchases import Activity
from coupon_core.domain.models.users import KnownUser
from coupon_core.domain.rules.redemption import coupon_status
from coupon_core.schemas.identifiers import is_user_id, is_uuid
from coupon_core.services.points import offers
from query_gateway.refusals import MAMBO

Document = dict[str, Any]
STATES: Mapping[CouponStatus, str] = {
    CouponStatus.ACTIVE: "AVAILABLE",
    CouponStatus.REDEEMED: "REDEEMED",
    CouponStatus.EXPIRED: "EXPIRED",
    CouponStatus.REVOKED: "REVOKED",
}
FOR_SALE = "BUYABLE"


def time_text(moment: datetime | None) -> str | None:
    """RFC 3339 in UTC with milliseconds (CONTRACTS 0.16)."""
    return moment.isoformat(timespec="milliseconds")[:23] + "Z" if moment else None


def known_id(text: str) -> str:
    """The id of an activity. Refused for a text that is no id."""
    if not is_uuid(text):
        raise Refused(PurchaseReason.ACTIVITY_NOT_FOUND)
    return text.lower()


def checked_coupon(text: str) -> str:
    """The id of a coupon. Refused for a text that is no id."""
    if not is_uuid(text):
        raise Refused(Reason.COUPON_NOT_FOUND)
    return text.lower()


def checked_user(text: str) -> str:
    """A user's id. Refused for a text that can be nobody's."""
    if not is_user_id(text):
        raise Refused(PurchaseReason.USER_NOT_FOUND)
    return text


def coupon(of: OfferedCoupon) -> Document:
    """A coupon of a site."""
    definition, offer, shown = of.definition, of.offer, of.shown
    return {
        "id": definition.definition_id,
        "name": definition.name,
        "code": definition.custom_code or None,
        "type": shown.coupon_type,
        "active": definition.status != DefinitionStatus.ARCHIVED,
        "amount": shown.amount,
        "custom": shown.custom,
        "pointsToBuy": _points(offer),
        "buyRedemptionMode": offer.mode.value,
        "helpMessage": shown.help_message,
        "usage": offer.usage.value,
        "expiration": _expiration(of),
        "scarcity": _scarcity(of),
        "refundable": offer.refundable,
        "tagTags": list(shown.tags),
        "translations": list(shown.translations),
        "startsOn": time_text(definition.starts_at),
        "createdOn": time_text(definition.created_at),
        "updatedOn": time_text(definition.updated_at),
    }


def whole_coupon(of: OfferedCoupon) -> Document:
    """The same with the codes of its list, for a coupon that has one."""
    if of.definition.code_format != CodeFormat.LISTED:
        return coupon(of)
    return {**coupon(of), "codes": offers.codes_of(of)}


def _points(offer: Offer) -> Document | None:
    if not offer.points:
        return None
    return {"pointId": offer.point_id, "points": offer.points}


def _expiration(of: OfferedCoupon) -> Document:
    offer, end = of.offer, of.definition.expires_at
    if offer.period_type != Period.NONE:
        period = {"type": offer.period_type.value, "value": offer.period_value}
        return {"type": "variable_period", "period": period}
    if end:
        return {"type": "fixed_date", "date": time_text(end)}
    return {"type": "never"}


def _scarcity(of: OfferedCoupon) -> Document | None:
    limit = of.definition.total_limit
    return {"limit": limit, "counter": of.definition.used_count} if limit else None


def held(of: IssuedCoupon, offered: OfferedCoupon, now: datetime) -> Document:
    """A coupon in a user's hands."""
    return {
        "id": of.coupon.coupon_id,
        "code": of.coupon.code,
        "state": STATES[coupon_status(of, now)],
        "awardedOn": time_text(of.coupon.generated_at),
        "redeemedOn": time_text(of.coupon.redeemed_at),
        "expiresOn": time_text(of.expires_at),
        "coupon": coupon(offered),
    }


def for_sale(offered: OfferedCoupon) -> Document:
    """A coupon that the user could buy, in the same shape."""
    nothing = dict.fromkeys(("id", "awardedOn", "redeemedOn"))
    return {
        **nothing,
        "code": offered.definition.custom_code or None,
        "state": FOR_SALE,
        "expiresOn": time_text(offered.definition.expires_at),
        "coupon": coupon(offered),
    }


def user(of: KnownUser, wallets: Sequence[Wallet]) -> Document:
    """A user, with what they have of each kind of points."""
    return {
        "uuid": of.user_id,
        "isMember": of.is_member,
        "details": dict(of.details),
        "tagTags": list(of.tags),
        "points": [{"pointId": w.point_id, "balance": w.balance} for w in wallets],
        "createdOn": time_text(of.created_at),
        "updatedOn": time_text(of.updated_at),
    }


def activity(of: Activity) -> Document:
    """An activity; one that failed tells its exception."""
    attrs = {"type": "coupon", "action": of.action.value, "code": of.code}
    return {
        "id": of.activity_id,
        "uuid": of.user_id,
        "attrs": attrs,
        "status": of.status.value.upper(),
        "exception": EXCEPTIONS[of.exception] if of.exception else None,
        "couponId": of.definition_id,
        "userCouponId": of.coupon_id,
        "rejectionReason": of.reason or None,
        "createdOn": time_text(of.created_at),
        **of.attributes,
    }


EXCEPTIONS: Mapping[str, str] = {reason.value: row[1] for reason, row in MAMBO.items()}
