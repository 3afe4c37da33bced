"""List and show redemptions."""

from coupon_core.domain.models import AdminReason, RedemptionRecord
from coupon_core.domain.models.filters import RedemptionFilter
from coupon_core.persistence.repositories import redemption_records
from coupon_core.services.errors import require_found


def list_redemptions(
    tenant_id: str, redemption_filter: RedemptionFilter, limit: int
) -> tuple[list[RedemptionRecord], int | None]:
    """Return a page of redemptions, newest first, and the ID to continue before.

    The ID is None on the last page.
    """
    rows = redemption_records.list_records(tenant_id, redemption_filter, limit + 1)
    page = rows[:limit]
    return page, page[-1].redemption_id if len(rows) > limit else None


def get(tenant_id: str, redemption_id: int) -> RedemptionRecord:
    """Return one redemption.

    Raises:
        Refused: The redemption is unknown.
    """
    redemption_filter = RedemptionFilter(redemption_id=redemption_id)
    rows = redemption_records.list_records(tenant_id, redemption_filter, 1)
    return require_found(rows[0] if rows else None, AdminReason.REDEMPTION_NOT_FOUND)
