"""The values that each rule about a code compares, for people who ask why."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from coupon_core.domain.models import Definition, IssuedCoupon, UserUsage
from coupon_core.domain.models.explanations import Rule
from coupon_core.domain.models.purchases import PurchaseContext
from coupon_core.domain.models.reservations import Reservation
from coupon_core.domain.rules.redemption import (
    get_coupon_status,
    total_limit_counts_awards,
    total_limit_counts_redemptions,
)
from coupon_core.domain.rules.usage_periods import get_period_key

RuleValues = Mapping[Rule, Mapping[str, Any]]


def get_redemption_values(
    issued: IssuedCoupon, now: datetime, usage: UserUsage
) -> RuleValues:
    """Return the values of each rule of `evaluate_redemption`.

    A limit is None if there is none. `used` includes what reservations hold.
    """
    coupon, definition = issued.coupon, issued.definition
    return {
        Rule.NOT_REVOKED: {
            "revoked_at": coupon.revoked_at,
            "returned_at": coupon.returned_at,
        },
        Rule.NOT_SUSPENDED: {
            **_get_suspensions(definition),
            "batch_suspended_at": issued.batch_suspended_at,
        },
        Rule.AVAILABLE: _get_availability(definition),
        Rule.NOT_EXPIRED: {
            "expires_at": issued.expires_at,
            "expires_from": "coupon" if coupon.expires_at else "definition",
        },
        Rule.STARTED: {"starts_at": definition.starts_at},
        **_get_limits(issued, now, usage),
    }


def _get_limits(issued: IssuedCoupon, now: datetime, usage: UserUsage) -> RuleValues:
    coupon, definition, reserved = issued.coupon, issued.definition, usage.reserved
    uses = {
        "limit": definition.per_code_limit or None,
        "used": coupon.redemption_count,
    }
    counts_uses = total_limit_counts_redemptions(definition)
    total_count = max(definition.used_count - reserved.ended_count, 0)
    return {
        Rule.CODE_USES_LEFT: uses,
        Rule.NOT_RESERVED: {
            **uses,
            "reserved": reserved.coupon_counts.get(coupon.coupon_id, 0),
            "by_others": coupon.coupon_id in reserved.coupons_of_others,
        },
        Rule.USER_USES_LEFT: {
            "limit": definition.per_user_limit or None,
            "used": usage.total_count,
            "reserved": reserved.user_count,
        },
        Rule.PERIOD_USES_LEFT: {
            "limit": definition.user_period_limit or None,
            "used": usage.period_count,
            "reserved": reserved.period_count,
            "period": definition.user_period,
            "current_period": get_period_key(definition, now) or None,
        },
        Rule.TOTAL_USES_LEFT: {
            "limit": definition.total_limit if counts_uses else None,
            "used": total_count if counts_uses else None,
        },
    }


def _get_suspensions(definition: Definition) -> Mapping[str, Any]:
    return {
        "definition_suspended_at": definition.suspended_at,
        "campaign_suspended_at": definition.campaign_suspended_at,
    }


def _get_availability(definition: Definition) -> Mapping[str, Any]:
    return {
        "definition_status": definition.status,
        "campaign_id": definition.campaign_id or None,
        "campaign_has_ended": definition.is_campaign_ended,
    }


def get_purchase_values(context: PurchaseContext, now: datetime) -> RuleValues:
    """Return the values of each rule about buying, redeeming and returning (Mambo)."""
    definition, offer, user = context.definition, context.offer, context.user
    counts_awards = total_limit_counts_awards(definition)
    return {
        Rule.NOT_SUSPENDED: _get_suspensions(definition),
        Rule.AVAILABLE: _get_availability(definition),
        Rule.STARTED: {"starts_at": definition.starts_at},
        Rule.NOT_EXPIRED: {"expires_at": definition.expires_at},
        Rule.USER_MAY_BUY: {
            "is_registered": user is not None,
            "is_member": user is not None and user.is_member,
        },
        Rule.FOR_SALE: {"points": offer.points, "mode": offer.mode},
        Rule.COUPON_HELD: {"held": len(context.copies)},
        Rule.COUPON_USABLE: {
            "held": len(context.copies),
            "statuses": [get_coupon_status(copy, now) for copy in context.copies],
        },
        Rule.DEFINITION_ACTIVE: {"definition_status": definition.status},
        Rule.IN_STOCK: {
            "limit": definition.total_limit if counts_awards else None,
            "used": definition.used_count if counts_awards else None,
        },
        Rule.ENOUGH_POINTS: {
            "points": offer.points,
            "point_id": offer.point_id or None,
            "balance": context.balance,
        },
        Rule.REFUNDABLE: {
            "refundable": offer.refundable,
            "used": sum(copy.coupon.redemption_count for copy in context.copies),
        },
    }


def get_reservation_values(reservation: Reservation, now: datetime) -> RuleValues:
    """Return the values of the rules about confirming and releasing a reservation."""
    values = {
        "state": reservation.state,
        "is_live": reservation.is_live(now),
        "expires_at": reservation.expires_at,
        "ended_at": reservation.ended_at,
    }
    return {Rule.CONFIRMABLE: values, Rule.RELEASABLE: values}
