"""Reward items."""

from dataclasses import asdict

from peewee import IntegrityError

from coupon_core.domain.models import Page, RewardItem
from coupon_core.persistence.database import is_postgresql
from coupon_core.persistence.row_mapping import reward_item_of
from coupon_core.persistence.tables import RewardItem as Table


def insert(item: RewardItem) -> None:
    """Add a reward item."""
    Table.insert(asdict(item)).execute()


def get(tenant_id: str, item_id: str) -> RewardItem | None:
    """One reward item."""
    row = Table.select().where(_is(tenant_id, item_id)).tuples().first()
    return reward_item_of(row) if row else None


def lock(tenant_id: str, item_id: str) -> RewardItem | None:
    """One reward item, held against changes by others until the transaction ends."""
    query = Table.select().where(_is(tenant_id, item_id))
    if is_postgresql():  # on SQLite the transaction itself is the lock
        query = query.for_update("FOR NO KEY UPDATE")
    row = query.tuples().first()
    return reward_item_of(row) if row else None


def listed(
    tenant_id: str, page: Page, reward_type: str | None = None
) -> tuple[list[RewardItem], int]:
    """A tenant's reward items, newest first, and how many match."""
    query = Table.select().where(Table.tenant_id == tenant_id)
    if reward_type is not None:
        query = query.where(Table.reward_type == reward_type)
    newest = query.order_by(Table.item_id.desc()).limit(page.limit).offset(page.offset)
    return [reward_item_of(row) for row in newest.tuples()], query.count()


def update(item: RewardItem) -> None:
    """Overwrite a reward item."""
    Table.update(asdict(item)).where(_is(item.tenant_id, item.item_id)).execute()


def delete(tenant_id: str, item_id: str) -> bool | None:
    """Delete a reward item: True if it was there, None while definitions name it."""
    try:
        return bool(Table.delete().where(_is(tenant_id, item_id)).execute())
    except IntegrityError:
        return None


def _is(tenant_id: str, item_id: str) -> object:
    return (Table.tenant_id == tenant_id) & (Table.item_id == item_id)
