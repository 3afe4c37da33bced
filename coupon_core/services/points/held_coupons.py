"""Read the coupons that a user holds or can buy (Mambo)."""

from coupon_core.domain.models import Page
from coupon_core.domain.models.filters import OfferFilter
from coupon_core.domain.models.offers import HeldCoupon
from coupon_core.persistence.repositories import held_coupons as held_coupon_repository


def list_held_coupons(
    tenant_id: str, user_id: str, offer_filter: OfferFilter, page: Page
) -> list[HeldCoupon]:
    """Return a page of the matching coupons of a user, newest first."""
    return held_coupon_repository.list_held_coupons(
        tenant_id, user_id, filters=offer_filter, page=page
    )


def get_following_page(
    tenant_id: str, user_id: str, offer_filter: OfferFilter, page: Page
) -> Page:
    """Return the part of a page that begins where the coupons of a user end.

    The page is one of a list in which other entries follow the coupons of the user.
    """
    count = held_coupon_repository.count_held_coupons(tenant_id, user_id, offer_filter)
    start = max(page.offset, count)
    return Page(limit=max(page.offset + page.limit - start, 0), offset=start - count)
