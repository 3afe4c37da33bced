"""Campaigns."""

from __future__ import annotations

from typing import Generic, Literal

from coupons_sdk.admin.definitions import to_metadata_filters
from coupons_sdk.admin.resource import AdminResource
from coupons_sdk.inputs import LocalizedText, Metadata, Time
from coupons_sdk.models.catalog import Campaign, CampaignStats, Creator
from coupons_sdk.pages import PageCall
from coupons_sdk.requests import OMIT, Call, Omit, parse_nothing, request
from coupons_sdk.resources import Mode, operation, paged

CampaignStatus = Literal[
    "PENDING_EXPOSURE", "EXPOSED", "IN_PROGRESS", "COMPLETED", "CANCELLED"
]


class Campaigns(AdminResource[Mode], Generic[Mode]):
    """Campaigns: promotions with definitions, packages and creators."""

    @operation
    def create(
        self,
        name: str | Omit = OMIT,
        *,
        campaign_id: str | Omit = OMIT,
        names: LocalizedText | Omit = OMIT,
        description: LocalizedText | Omit = OMIT,
        status: CampaignStatus | Omit = OMIT,
        time_zone: str | Omit | None = OMIT,
        starts_at: Time | Omit | None = OMIT,
        ends_at: Time | Omit | None = OMIT,
        metadata: Metadata | Omit = OMIT,
    ) -> Call[Campaign]:
        """Create a campaign.

        >>> admin.campaigns.create(fresh_name, time_zone="Asia/Seoul").time_zone
        'Asia/Seoul'
        """
        body = {
            "name": name,
            "campaign_id": campaign_id,
            "names": names,
            "description": description,
            "status": status,
            "time_zone": time_zone,
            "starts_at": starts_at,
            "ends_at": ends_at,
            "metadata": metadata,
        }
        return request("POST", Campaign.from_json, self._path("campaigns"), body=body)

    @paged
    def list(
        self,
        *,
        status: CampaignStatus | None = None,
        metadata: Metadata | None = None,
        limit: int | None = None,
    ) -> PageCall[Campaign]:
        """List the campaigns.

        >>> campaign_id in {campaign.campaign_id for campaign in admin.campaigns.list()}
        True
        """
        query = {"status": status, **to_metadata_filters(metadata), "limit": limit}
        return PageCall(Campaign, "campaigns", self._path("campaigns"), query)

    @operation
    def get(self, campaign_id: str) -> Call[Campaign]:
        """Return a campaign.

        >>> admin.campaigns.get(campaign_id).suspended_at

        """
        path = self._path("campaigns", campaign_id)
        return request("GET", Campaign.from_json, path)

    @operation
    def change(
        self,
        campaign_id: str,
        *,
        name: str | Omit = OMIT,
        names: LocalizedText | Omit = OMIT,
        description: LocalizedText | Omit = OMIT,
        status: CampaignStatus | Omit = OMIT,
        time_zone: str | Omit | None = OMIT,
        starts_at: Time | Omit | None = OMIT,
        ends_at: Time | Omit | None = OMIT,
        metadata: Metadata | Omit = OMIT,
    ) -> Call[Campaign]:
        """Change members of a campaign.

        >>> admin.campaigns.change(campaign_id, status="COMPLETED").status
        'COMPLETED'
        """
        body = {
            "name": name,
            "names": names,
            "description": description,
            "status": status,
            "time_zone": time_zone,
            "starts_at": starts_at,
            "ends_at": ends_at,
            "metadata": metadata,
        }
        path = self._path("campaigns", campaign_id)
        return request("PATCH", Campaign.from_json, path, body=body)

    @operation
    def suspend(self, campaign_id: str) -> Call[Campaign]:
        """Stop the use of all codes of a campaign until it is resumed.

        >>> admin.campaigns.suspend(campaign_id).suspended_at is not None
        True
        """
        path = self._path("campaigns", campaign_id, "suspend")
        return request("POST", Campaign.from_json, path)

    @operation
    def resume(self, campaign_id: str) -> Call[Campaign]:
        """End the suspension.

        >>> admin.campaigns.resume(campaign_id).suspended_at

        """
        path = self._path("campaigns", campaign_id, "resume")
        return request("POST", Campaign.from_json, path)

    @operation
    def stats(self, campaign_id: str) -> Call[CampaignStats]:
        """Return codes, redemptions and users.

        >>> admin.campaigns.stats(campaign_id).redemptions
        0
        """
        path = self._path("campaigns", campaign_id, "stats")
        return request("GET", CampaignStats.from_json, path)

    @paged
    def list_creators(
        self, campaign_id: str, *, limit: int | None = None
    ) -> PageCall[Creator]:
        """List the creators of a campaign.

        >>> found = admin.campaigns.list_creators(campaign_id)
        >>> [creator.creator_key for creator in found] == [creator_key]
        True
        """
        path = self._path("campaigns", campaign_id, "creators")
        return PageCall(Creator, "creators", path, {"limit": limit})

    @operation
    def add_creator(self, campaign_id: str, creator_key: str) -> Call[Creator]:
        """Add a creator to a campaign.

        >>> admin.campaigns.add_creator(campaign_id, creator_key).status
        'ACTIVE'
        """
        path = self._path("campaigns", campaign_id, "creators", creator_key)
        return request("PUT", Creator.from_json, path)

    @operation
    def remove_creator(self, campaign_id: str, creator_key: str) -> Call[None]:
        """Remove a creator from a campaign.

        >>> admin.campaigns.remove_creator(campaign_id, creator_key)
        """
        path = self._path("campaigns", campaign_id, "creators", creator_key)
        return request("DELETE", parse_nothing, path)
