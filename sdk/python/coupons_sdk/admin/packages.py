"""Packages: what the codes of creators grant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic

from coupons_sdk.admin.resource import AdminResource
from coupons_sdk.inputs import LocalizedText, RewardLine, Time
from coupons_sdk.models.catalog import Package
from coupons_sdk.pages import PageCall
from coupons_sdk.requests import OMIT, Call, Omit, request
from coupons_sdk.resources import Mode, operation, paged


class Packages(AdminResource[Mode], Generic[Mode]):
    """Packages: what the codes of creators grant."""

    @operation
    def create(
        self,
        campaign_id: str,
        item_name: LocalizedText,
        *,
        rewards: Sequence[RewardLine],
        item_description: LocalizedText | Omit = OMIT,
        per_code_usage_limit: int | Omit | None = OMIT,
        cross_creator_limit: int | Omit | None = OMIT,
        max_total_usage: int | Omit | None = OMIT,
        is_active: bool | Omit = OMIT,
        starts_at: Time | Omit | None = OMIT,
        ends_at: Time | Omit | None = OMIT,
    ) -> Call[Package]:
        """Create a package of a campaign.

        >>> gems = [{"itemId": "gem", "itemQuantity": 10}]
        >>> admin.packages.create(campaign_id, {"en": "Gems"}, rewards=gems).is_active
        True
        """
        body = {
            "item_name": item_name,
            "rewards": rewards,
            "item_description": item_description,
            "per_code_usage_limit": per_code_usage_limit,
            "cross_creator_limit": cross_creator_limit,
            "max_total_usage": max_total_usage,
            "is_active": is_active,
            "starts_at": starts_at,
            "ends_at": ends_at,
        }
        path = self._path("campaigns", campaign_id, "packages")
        return request("POST", Package.from_json, path, body=body)

    @paged
    def list(
        self, *, campaign_id: str | None = None, limit: int | None = None
    ) -> PageCall[Package]:
        """List the packages.

        >>> found = admin.packages.list(campaign_id=campaign_id)
        >>> [str(package.package_id) for package in found] == [package_id]
        True
        """
        query = {"campaign_id": campaign_id, "limit": limit}
        return PageCall(Package, "packages", self._path("packages"), query)

    @operation
    def get(self, package_id: int) -> Call[Package]:
        """Return a package.

        >>> admin.packages.get(package_id).campaign_id == campaign_id
        True
        """
        path = self._path("packages", package_id)
        return request("GET", Package.from_json, path)

    @operation
    def change(
        self,
        package_id: int,
        *,
        item_name: LocalizedText | Omit = OMIT,
        rewards: Sequence[RewardLine] | Omit = OMIT,
        item_description: LocalizedText | Omit = OMIT,
        per_code_usage_limit: int | Omit | None = OMIT,
        cross_creator_limit: int | Omit | None = OMIT,
        max_total_usage: int | Omit | None = OMIT,
        is_active: bool | Omit = OMIT,
        starts_at: Time | Omit | None = OMIT,
        ends_at: Time | Omit | None = OMIT,
    ) -> Call[Package]:
        """Change members of a package.

        >>> admin.packages.change(package_id, max_total_usage=9).max_total_usage
        9
        """
        body = {
            "item_name": item_name,
            "rewards": rewards,
            "item_description": item_description,
            "per_code_usage_limit": per_code_usage_limit,
            "cross_creator_limit": cross_creator_limit,
            "max_total_usage": max_total_usage,
            "is_active": is_active,
            "starts_at": starts_at,
            "ends_at": ends_at,
        }
        path = self._path("packages", package_id)
        return request("PATCH", Package.from_json, path, body=body)
