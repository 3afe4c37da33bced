"""Coupons that a user holds, as the Mambo API sees them."""

from dataclasses import fields

from coupon_core.domain.models import Coupon, IssuedCoupon, Page
from coupon_core.domain.models.filters import OfferFilter
from coupon_core.domain.models.offers import HeldCoupon
from coupon_core.persistence.database import execute
from coupon_core.persistence.repositories.offer_filters import build_offer_conditions
from coupon_core.persistence.repositories.offers import (
    JOIN_OFFERS,
    OFFERED_COUPON_COLUMNS,
    to_offered_coupon,
)
from coupon_core.persistence.row_mapping import COUPON_COLUMNS, Row, to_coupon

_COUPON_COLUMN_COUNT = len(fields(Coupon))
# `user_id <> ''` repeats the condition of the partial index, so that it is used.
FROM_HELD_COUPONS = f"""
    FROM coupon c
    JOIN definition d ON d.tenant_id = :tenant_id AND d.definition_id = c.definition_id
    {JOIN_OFFERS}
    WHERE c.tenant_id = :tenant_id AND c.user_id = :user_id AND c.user_id <> ''
    AND c.returned_at IS NULL AND m.deleted_at IS NULL
"""
SELECT_HELD_COUPONS = (
    f"SELECT {COUPON_COLUMNS}, {OFFERED_COUPON_COLUMNS} {FROM_HELD_COUPONS}"
)


def list_held_coupons(
    tenant_id: str, user_id: str, filters: OfferFilter, page: Page
) -> list[HeldCoupon]:
    """Return the matching coupons of a user, newest first.

    Coupons that were returned for their points, were deleted in Mambo or belong to a
    package of PlayCamp are left out.
    """
    conditions, tag_parameters = build_offer_conditions(filters)
    sql = f"""{SELECT_HELD_COUPONS} {conditions}
        ORDER BY c.coupon_id DESC LIMIT :limit OFFSET :offset"""
    parameters = {
        **tag_parameters,
        "tenant_id": tenant_id,
        "user_id": user_id,
        "limit": page.limit,
        "offset": page.offset,
    }
    return [_to_held_coupon(row) for row in execute(sql, parameters).fetchall()]


def count_held_coupons(tenant_id: str, user_id: str, filters: OfferFilter) -> int:
    """Return how many coupons `list_held_coupons` has on all pages."""
    conditions, tag_parameters = build_offer_conditions(filters)
    sql = f"SELECT count(*) {FROM_HELD_COUPONS} {conditions}"
    parameters = {**tag_parameters, "tenant_id": tenant_id, "user_id": user_id}
    return int(execute(sql, parameters).fetchone()[0])


def _to_held_coupon(row: Row) -> HeldCoupon:
    offered = to_offered_coupon(row[_COUPON_COLUMN_COUNT:])
    issued = IssuedCoupon(
        coupon=to_coupon(row[:_COUPON_COLUMN_COUNT]),
        definition=offered.definition,
        reward_item=offered.reward_item,
    )
    return HeldCoupon(issued, offered)
