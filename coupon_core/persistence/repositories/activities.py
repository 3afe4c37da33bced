"""Activities of users with coupons."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from coupon_core.domain.models import Page
from coupon_core.domain.models.purchases import Action, Activity, ActivityStatus
from coupon_core.persistence.row_locks import lock_rows
from coupon_core.persistence.row_mapping import build_conversions, convert_row
from coupon_core.persistence.tables import ActivityTable

CONVERSIONS = build_conversions(Activity, action=Action, status=ActivityStatus)


def insert(activity: Activity) -> None:
    """Insert an activity."""
    ActivityTable.insert(asdict(activity)).execute()


def get(tenant_id: str, activity_id: str) -> Activity | None:
    """Return an activity, or None."""
    row = (
        ActivityTable.select()
        .where(ActivityTable.match_key(tenant_id, activity_id))
        .tuples()
        .first()
    )
    return _to_activity(row) if row else None


def lock(tenant_id: str, activity_id: str) -> Activity | None:
    """Lock an activity against changes until the transaction ends, and return it."""
    query = ActivityTable.select().where(
        ActivityTable.match_key(tenant_id, activity_id)
    )
    row = lock_rows(query).tuples().first()
    return _to_activity(row) if row else None


def update(activity: Activity) -> None:
    """Overwrite an activity."""
    key_condition = ActivityTable.match_key(activity.tenant_id, activity.activity_id)
    ActivityTable.update(asdict(activity)).where(key_condition).execute()


def list_activities(
    tenant_id: str, page: Page, user_id: str | None = None
) -> list[Activity]:
    """Return the activities of a tenant, or of one user, newest first."""
    query = ActivityTable.select().where(ActivityTable.tenant_id == tenant_id)
    if user_id is not None:
        query = query.where(ActivityTable.user_id == user_id)
    newest = query.order_by(ActivityTable.activity_id.desc())
    rows = newest.limit(page.limit).offset(page.offset).tuples()
    return [_to_activity(row) for row in rows]


def _to_activity(row: Sequence[Any]) -> Activity:
    return Activity(*convert_row(row, CONVERSIONS))
