"""Activities of users with coupons."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from peewee import Expression, fn

from coupon_core.domain.models import Page
from coupon_core.domain.models.filters import ActivityFilter
from coupon_core.domain.models.purchases import Action, Activity, ActivityStatus
from coupon_core.persistence.row_locks import lock_rows
from coupon_core.persistence.row_mapping import build_conversions, convert_row
from coupon_core.persistence.tables import ActivityTable, ActivityTagTable

CONVERSIONS = build_conversions(Activity, action=Action, status=ActivityStatus)


def insert(activity: Activity, tags: Sequence[str] = ()) -> None:
    """Insert an activity, and the tags by which it is found."""
    ActivityTable.insert(asdict(activity)).execute()
    key = {"tenant_id": activity.tenant_id, "activity_id": activity.activity_id}
    rows = [{**key, "tag": tag} for tag in dict.fromkeys(tags)]
    if rows:
        ActivityTagTable.insert_many(rows).execute()


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
    tenant_id: str, filters: ActivityFilter, page: Page
) -> list[Activity]:
    """Return the matching activities of a tenant, newest first."""
    query = ActivityTable.select().where(
        ActivityTable.tenant_id == tenant_id, *_build_tag_conditions(tenant_id, filters)
    )
    if filters.user_id is not None:
        query = query.where(ActivityTable.user_id == filters.user_id)
    newest = query.order_by(ActivityTable.activity_id.desc())
    rows = newest.limit(page.limit).offset(page.offset).tuples()
    return [_to_activity(row) for row in rows]


def _build_tag_conditions(tenant_id: str, filters: ActivityFilter) -> list[Expression]:
    tags_of_activity = ActivityTagTable.select(ActivityTagTable.tag).where(
        ActivityTagTable.tenant_id == tenant_id,
        ActivityTagTable.activity_id == ActivityTable.activity_id,
    )

    def has_one_of(tags: Sequence[str]) -> Expression:
        return fn.EXISTS(tags_of_activity.where(ActivityTagTable.tag.in_(list(tags))))

    conditions = [has_one_of([tag]) for tag in filters.all_of]
    if filters.any_of:
        conditions.append(has_one_of(filters.any_of))
    if filters.visible_to is not None:
        is_untagged = ~fn.EXISTS(tags_of_activity)
        conditions.append(is_untagged | has_one_of(filters.visible_to))
    return conditions


def _to_activity(row: Sequence[Any]) -> Activity:
    return Activity(*convert_row(row, CONVERSIONS))
