"""Reward items."""

from dataclasses import asdict

from peewee import IntegrityError

from coupon_core.domain.models import Page, RewardItem
from coupon_core.persistence.row_locks import lock_rows
from coupon_core.persistence.row_mapping import to_reward_item
from coupon_core.persistence.tables import RewardItemTable


def insert(item: RewardItem) -> None:
    """Insert a reward item."""
    RewardItemTable.insert(asdict(item)).execute()


def get(tenant_id: str, item_id: str) -> RewardItem | None:
    """Return a reward item, or None."""
    row = (
        RewardItemTable.select()
        .where(RewardItemTable.match_key(tenant_id, item_id))
        .tuples()
        .first()
    )
    return to_reward_item(row) if row else None


def lock(tenant_id: str, item_id: str) -> RewardItem | None:
    """Lock a reward item against changes until the transaction ends, and return it."""
    query = RewardItemTable.select().where(
        RewardItemTable.match_key(tenant_id, item_id)
    )
    row = lock_rows(query).tuples().first()
    return to_reward_item(row) if row else None


def list_reward_items(
    tenant_id: str, page: Page, reward_type: str | None = None
) -> tuple[list[RewardItem], int]:
    """Return the reward items of a tenant, newest first, and their total."""
    query = RewardItemTable.select().where(RewardItemTable.tenant_id == tenant_id)
    if reward_type is not None:
        query = query.where(RewardItemTable.reward_type == reward_type)
    newest = (
        query.order_by(RewardItemTable.item_id.desc())
        .limit(page.limit)
        .offset(page.offset)
    )
    return [to_reward_item(row) for row in newest.tuples()], query.count()


def update(item: RewardItem) -> None:
    """Overwrite a reward item."""
    RewardItemTable.update(asdict(item)).where(
        RewardItemTable.match_key(item.tenant_id, item.item_id)
    ).execute()


def delete(tenant_id: str, item_id: str) -> bool:
    """Delete a reward item; return False if a definition refers to it."""
    key = RewardItemTable.match_key(tenant_id, item_id)
    try:
        RewardItemTable.delete().where(key).execute()
    except IntegrityError:
        return False
    return True
