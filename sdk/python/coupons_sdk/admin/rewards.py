"""Reward items."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Generic

from coupons_sdk.admin.resource import AdminResource
from coupons_sdk.inputs import Metadata
from coupons_sdk.models.catalog import AdminRewardItem
from coupons_sdk.pages import PageCall
from coupons_sdk.requests import OMIT, Call, Omit, parse_nothing, request
from coupons_sdk.resources import Mode, operation, paged


class Rewards(AdminResource[Mode], Generic[Mode]):
    """Reward items: what redemptions grant."""

    @operation
    def create(
        self,
        name: str,
        reward_type: str,
        *,
        description: str | Omit = OMIT,
        payload: Mapping[str, Any] | Omit = OMIT,
        metadata: Metadata | Omit = OMIT,
    ) -> Call[AdminRewardItem]:
        """Create a reward item.

        >>> admin.rewards.create("100 points", "points", payload={"amount": 100}).name
        '100 points'
        """
        body = {
            "name": name,
            "reward_type": reward_type,
            "description": description,
            "payload": payload,
            "metadata": metadata,
        }
        path = self._path("rewards")
        return request("POST", AdminRewardItem.from_json, path, body=body)

    @paged
    def list(
        self, *, reward_type: str | None = None, limit: int | None = None
    ) -> PageCall[AdminRewardItem]:
        """List the reward items.

        >>> item_id in {item.item_id for item in admin.rewards.list(limit=500)}
        True
        """
        query = {"reward_type": reward_type, "limit": limit}
        path = self._path("rewards")
        return PageCall(AdminRewardItem, "reward_items", path, query)

    @operation
    def get(self, item_id: str) -> Call[AdminRewardItem]:
        """Return a reward item.

        >>> admin.rewards.get(item_id).reward_type
        'badge'
        """
        path = self._path("rewards", item_id)
        return request("GET", AdminRewardItem.from_json, path)

    @operation
    def replace(
        self,
        item_id: str,
        name: str,
        *,
        reward_type: str,
        description: str | Omit = OMIT,
        payload: Mapping[str, Any] | Omit = OMIT,
        metadata: Metadata | Omit = OMIT,
    ) -> Call[AdminRewardItem]:
        """Replace a reward item; what is left out gets its default.

        >>> admin.rewards.replace(item_id, "Gold badge", reward_type="badge").name
        'Gold badge'
        """
        body = {
            "name": name,
            "reward_type": reward_type,
            "description": description,
            "payload": payload,
            "metadata": metadata,
        }
        path = self._path("rewards", item_id)
        return request("PUT", AdminRewardItem.from_json, path, body=body)

    @operation
    def change(
        self,
        item_id: str,
        *,
        name: str | Omit = OMIT,
        reward_type: str | Omit = OMIT,
        description: str | Omit = OMIT,
        payload: Mapping[str, Any] | Omit = OMIT,
        metadata: Metadata | Omit = OMIT,
    ) -> Call[AdminRewardItem]:
        """Change members of a reward item.

        >>> admin.rewards.change(item_id, metadata={"season": 3}).metadata["season"]
        3
        """
        body = {
            "name": name,
            "reward_type": reward_type,
            "description": description,
            "payload": payload,
            "metadata": metadata,
        }
        path = self._path("rewards", item_id)
        return request("PATCH", AdminRewardItem.from_json, path, body=body)

    @operation
    def delete(self, item_id: str) -> Call[None]:
        """Delete a reward item that no definition names.

        >>> admin.rewards.delete(item_id)

        Raises:
            Conflict: A definition names it.
        """
        return request("DELETE", parse_nothing, self._path("rewards", item_id))
