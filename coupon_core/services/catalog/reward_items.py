"""Reward items: what a redemption grants."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from coupon_core.domain.models import (
    AdminReason,
    Page,
    Refused,
    RewardItem,
)
from coupon_core.persistence.database import transaction
from coupon_core.persistence.id_generation import generate_id
from coupon_core.persistence.repositories import reward_items as reward_item_repository
from coupon_core.services import audit
from coupon_core.services.errors import require_found


def create(tenant_id: str, fields: Mapping[str, Any], now: datetime) -> RewardItem:
    """Create a reward item from `name`, `description`, `reward_type` and `payload`."""
    with transaction():
        return create_in_transaction(tenant_id, fields, now)


def create_in_transaction(
    tenant_id: str, fields: Mapping[str, Any], now: datetime
) -> RewardItem:
    """Create a reward item in the caller's transaction."""
    item = RewardItem(
        tenant_id=tenant_id,
        item_id=generate_id(),
        created_at=now,
        updated_at=now,
        **fields,
    )
    reward_item_repository.insert(item)
    audit.record(tenant_id, "reward_item.created", item.item_id, after=item)
    return item


def get(tenant_id: str, item_id: str) -> RewardItem:
    """Return one reward item.

    Raises:
        Refused: The reward item is unknown.
    """
    return require_found(
        reward_item_repository.get(tenant_id, item_id),
        AdminReason.REWARD_ITEM_NOT_FOUND,
    )


def list_reward_items(
    tenant_id: str, page: Page, reward_type: str | None = None
) -> tuple[list[RewardItem], int]:
    """Return a page of a tenant's reward items, newest first, and the total count."""
    return reward_item_repository.list_reward_items(tenant_id, page, reward_type)


def update(
    tenant_id: str, item_id: str, changes: Mapping[str, Any], now: datetime
) -> RewardItem:
    """Change fields of a reward item and return it.

    Raises:
        Refused: The reward item is unknown.
    """
    with transaction():
        before = require_found(
            reward_item_repository.lock(tenant_id, item_id),
            AdminReason.REWARD_ITEM_NOT_FOUND,
        )
        return update_in_transaction(before, changes, now)


def update_in_transaction(
    before: RewardItem, changes: Mapping[str, Any], now: datetime
) -> RewardItem:
    """Change fields of a reward item in the caller's transaction and return it."""
    item = replace(before, **changes, updated_at=now)
    reward_item_repository.update(item)
    audit.record(
        item.tenant_id, "reward_item.changed", item.item_id, before=before, after=item
    )
    return item


def delete(tenant_id: str, item_id: str) -> None:
    """Delete a reward item.

    Raises:
        Refused: The reward item is unknown, or a definition uses it.
    """
    with transaction():
        item = require_found(
            reward_item_repository.lock(tenant_id, item_id),
            AdminReason.REWARD_ITEM_NOT_FOUND,
        )
        if not reward_item_repository.delete(tenant_id, item_id):
            raise Refused(AdminReason.REWARD_ITEM_IN_USE)
        audit.record(tenant_id, "reward_item.deleted", item_id, before=item)
