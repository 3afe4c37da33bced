"""Create, read and change campaigns (`docs/api-contracts.md` 3.3)."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from coupon_core.domain.models import AdminReason, Page, Refused
from coupon_core.domain.models.campaigns import Campaign, CampaignStats, CampaignStatus
from coupon_core.domain.models.creators import Creator
from coupon_core.domain.rules.packages import DATES_REVERSED_DETAIL
from coupon_core.persistence.database import transaction
from coupon_core.persistence.repositories import campaigns as campaign_repository
from coupon_core.persistence.repositories import (
    creator_codes as creator_code_repository,
)
from coupon_core.persistence.repositories import creators as creator_repository
from coupon_core.services import audit
from coupon_core.services.campaigns import packages
from coupon_core.services.errors import require_found

DEFAULTS: Mapping[str, Any] = {
    "description": {},
    "status": CampaignStatus.PENDING_EXPOSURE,
    "starts_at": None,
    "ends_at": None,
    "metadata": {},
}


def create(
    tenant_id: str, campaign_id: str, fields: Mapping[str, Any], now: datetime
) -> Campaign:
    """Create a campaign from members of `Campaign`.

    Raises:
        Refused: The id is taken, or the dates are reversed.
    """
    campaign = Campaign(
        tenant_id=tenant_id,
        campaign_id=campaign_id,
        created_at=now,
        updated_at=now,
        **{**DEFAULTS, **fields},
    )
    _require_valid_dates(campaign)
    with transaction():
        if not campaign_repository.insert(campaign):
            raise Refused(AdminReason.CAMPAIGN_EXISTS)
        audit.record(tenant_id, "campaign.created", campaign_id)
    return campaign


def get(tenant_id: str, campaign_id: str) -> Campaign:
    """Return a campaign; refuse if it does not exist."""
    return require_found(
        campaign_repository.get(tenant_id, campaign_id),
        AdminReason.CAMPAIGN_NOT_FOUND,
    )


def list_campaigns(
    tenant_id: str,
    page: Page,
    status: CampaignStatus | None = None,
    metadata: Mapping[str, str] | None = None,
) -> tuple[list[Campaign], int]:
    """Return a page of a tenant's campaigns, newest first, and the total count."""
    return campaign_repository.list_campaigns(tenant_id, page, status, metadata)


def update(
    tenant_id: str, campaign_id: str, changes: Mapping[str, Any], now: datetime
) -> Campaign:
    """Change members of a campaign and apply its dates and status to its packages.

    While it is COMPLETED or CANCELLED, its codes cannot be redeemed.

    Raises:
        Refused: The campaign does not exist, or the dates are reversed.
    """
    with transaction():
        before = require_found(
            campaign_repository.lock(tenant_id, campaign_id),
            AdminReason.CAMPAIGN_NOT_FOUND,
        )
        after = replace(before, **changes, updated_at=now)
        _require_valid_dates(after)
        campaign_repository.update(after)
        packages.sync_with_campaign(after, now)
        audit.record(tenant_id, "campaign.changed", campaign_id, changed=changes)
    return after


def list_creators(
    tenant_id: str, campaign_id: str, page: Page
) -> tuple[list[Creator], int]:
    """Return a page of a campaign's creators by name, and the total count.

    Raises:
        Refused: The campaign does not exist.
    """
    get(tenant_id, campaign_id)
    return creator_repository.list_creators(tenant_id, page, campaign_id=campaign_id)


def add_creator(tenant_id: str, campaign_id: str, creator_key: str) -> Creator:
    """Add a creator to a campaign (idempotent).

    Raises:
        Refused: The campaign or the creator does not exist.
    """
    get(tenant_id, campaign_id)
    creator = require_found(
        creator_repository.get(tenant_id, creator_key), AdminReason.CREATOR_NOT_FOUND
    )
    with transaction():
        if campaign_repository.add_creator(tenant_id, campaign_id, creator_key):
            audit.record(
                tenant_id,
                "campaign.creator_added",
                object_id=campaign_id,
                creator_key=creator_key,
            )
    return creator


def remove_creator(tenant_id: str, campaign_id: str, creator_key: str) -> None:
    """Remove a creator from a campaign.

    Codes that were already assigned remain valid until they are revoked.

    Raises:
        Refused: The creator is not part of the campaign.
    """
    with transaction():
        if not campaign_repository.remove_creator(tenant_id, campaign_id, creator_key):
            raise Refused(AdminReason.CREATOR_NOT_FOUND)
        audit.record(
            tenant_id,
            "campaign.creator_removed",
            object_id=campaign_id,
            creator_key=creator_key,
        )


def get_stats(tenant_id: str, campaign_id: str) -> CampaignStats:
    """Return usage counts of a campaign's codes; refuse if it does not exist."""
    get(tenant_id, campaign_id)
    return creator_code_repository.get_stats(tenant_id, campaign_id=campaign_id)


def _require_valid_dates(campaign: Campaign) -> None:
    starts, ends = campaign.starts_at, campaign.ends_at
    if starts and ends and starts >= ends:
        raise Refused(AdminReason.DATES_REVERSED, DATES_REVERSED_DETAIL)
