"""Create, read and change campaigns (`docs/api-contracts.md` 3.3)."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from coupon_core.domain.entered_times import DEFAULT_TIME_ZONE, resolve_times
from coupon_core.domain.models import AdminReason, Page, Refused
from coupon_core.domain.models.campaigns import Campaign, CampaignStats, CampaignStatus
from coupon_core.domain.models.creators import Creator
from coupon_core.domain.rules.packages import DATES_REVERSED_DETAIL
from coupon_core.persistence.database import transaction
from coupon_core.persistence.id_generation import generate_id
from coupon_core.persistence.repositories import campaigns as campaign_repository
from coupon_core.persistence.repositories import (
    creator_codes as creator_code_repository,
)
from coupon_core.persistence.repositories import creators as creator_repository
from coupon_core.services import audit
from coupon_core.services.campaigns import packages
from coupon_core.services.errors import require_found

MAX_ID_STEM_LENGTH = 48
DEFAULTS: Mapping[str, Any] = {
    "description": {},
    "status": CampaignStatus.PENDING_EXPOSURE,
    "starts_at": None,
    "ends_at": None,
    "metadata": {},
}


def create(
    tenant_id: str, campaign_id: str | None, fields: Mapping[str, Any], now: datetime
) -> Campaign:
    """Create a campaign from members of `Campaign`; without an ID, from its name.

    Raises:
        Refused: The id is taken, or the dates are reversed.
    """
    zone = fields.get("time_zone", DEFAULT_TIME_ZONE)
    draft = Campaign(
        tenant_id=tenant_id,
        campaign_id=campaign_id or "",
        created_at=now,
        updated_at=now,
        **{**DEFAULTS, **resolve_times(fields, zone)},
    )
    _require_valid_dates(draft)
    with transaction():
        for candidate in [campaign_id] if campaign_id else _propose_ids(draft.name):
            campaign = replace(draft, campaign_id=candidate)
            if campaign_repository.insert(campaign):
                audit.record(tenant_id, "campaign.created", candidate, after=campaign)
                return campaign
        raise Refused(AdminReason.CAMPAIGN_EXISTS)


def _propose_ids(name: str) -> Iterator[str]:
    words = re.sub(r"[^a-z0-9]+", "-", name.casefold())[:MAX_ID_STEM_LENGTH].strip("-")
    yield words or "campaign"
    yield f"{words or 'campaign'}-{generate_id()[-12:]}"


def get(tenant_id: str, campaign_id: str) -> Campaign:
    """Return a campaign; refuse if it does not exist."""
    return require_found(
        campaign_repository.get(tenant_id, campaign_id),
        AdminReason.CAMPAIGN_NOT_FOUND,
    )


def list_campaigns(
    tenant_id: str, page: Page, **filters: Any
) -> tuple[list[Campaign], int]:
    """Return a page of a tenant's campaigns, newest first, and the total count.

    `filters` are those of the repository's function.
    """
    return campaign_repository.list_campaigns(tenant_id, page, **filters)


def update(
    tenant_id: str, campaign_id: str, changes: Mapping[str, Any], now: datetime
) -> Campaign:
    """Change members of a campaign and apply its dates to its packages.

    While it is COMPLETED or CANCELLED, no code of its packages and definitions can be
    redeemed.

    Raises:
        Refused: The campaign does not exist, or the dates are reversed.
    """
    with transaction():
        before = require_found(
            campaign_repository.lock(tenant_id, campaign_id),
            AdminReason.CAMPAIGN_NOT_FOUND,
        )
        zone = changes.get("time_zone", before.time_zone)
        after = replace(before, **resolve_times(changes, zone), updated_at=now)
        _require_valid_dates(after)
        campaign_repository.update(after)
        is_reopened = before.has_ended and not after.has_ended
        packages.sync_with_campaign(after, is_reopened, now)
        audit.record(
            tenant_id, "campaign.changed", campaign_id, before=before, after=after
        )
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
