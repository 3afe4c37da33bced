"""Campaigns and the participation of creators."""

from collections.abc import Mapping
from dataclasses import asdict

from peewee import IntegrityError

from coupon_core.domain.models import Page
from coupon_core.domain.models.campaigns import Campaign, CampaignStatus
from coupon_core.persistence.metadata_filters import build_metadata_conditions
from coupon_core.persistence.row_locks import lock_rows
from coupon_core.persistence.tables import CampaignCreatorTable, CampaignTable

SELECT_DEFINITIONS_OF_CAMPAIGN = """
    SELECT p.definition_id FROM package p
    WHERE p.tenant_id = :tenant_id AND p.campaign_id = :campaign_id
    UNION ALL SELECT d.definition_id FROM definition d
    WHERE d.tenant_id = :tenant_id AND d.campaign_id = :campaign_id
"""


def insert(campaign: Campaign) -> bool:
    """Insert a campaign; return False if the id exists."""
    query = CampaignTable.insert(asdict(campaign)).on_conflict_ignore().as_rowcount()
    return bool(query.execute())


def get(tenant_id: str, campaign_id: str) -> Campaign | None:
    """Return a campaign, or None."""
    row = (
        CampaignTable.select()
        .where(CampaignTable.match_key(tenant_id, campaign_id))
        .first()
    )
    return _to_campaign(row) if row else None


def lock(tenant_id: str, campaign_id: str) -> Campaign | None:
    """Lock a campaign until the transaction ends, and return it.

    The lock also protects the dates of its packages.
    """
    query = CampaignTable.select().where(
        CampaignTable.match_key(tenant_id, campaign_id)
    )
    row = lock_rows(query).first()
    return _to_campaign(row) if row else None


def list_campaigns(
    tenant_id: str,
    page: Page,
    status: CampaignStatus | None = None,
    metadata: Mapping[str, str] | None = None,
    is_suspended: bool | None = None,
) -> tuple[list[Campaign], int]:
    """Return the campaigns of a tenant, newest first, and the total of all matches."""
    query = CampaignTable.select().where(
        CampaignTable.tenant_id == tenant_id,
        *build_metadata_conditions(CampaignTable.metadata, metadata or {}),
    )
    if status:
        query = query.where(CampaignTable.status == status)
    if is_suspended is not None:
        query = query.where(CampaignTable.suspended_at.is_null(not is_suspended))
    newest = query.order_by(CampaignTable.created_at.desc(), CampaignTable.campaign_id)
    rows = newest.limit(page.limit).offset(page.offset)
    return [_to_campaign(row) for row in rows], query.count()


def update(campaign: Campaign) -> None:
    """Overwrite a campaign."""
    key_condition = CampaignTable.match_key(campaign.tenant_id, campaign.campaign_id)
    CampaignTable.update(asdict(campaign)).where(key_condition).execute()


def add_creator(tenant_id: str, campaign_id: str, creator_key: str) -> bool | None:
    """Add a creator: True if new, False if present, None if either does not exist."""
    row = {
        "tenant_id": tenant_id,
        "campaign_id": campaign_id,
        "creator_key": creator_key,
    }
    query = CampaignCreatorTable.insert(row).on_conflict_ignore().as_rowcount()
    try:
        return bool(query.execute())
    except IntegrityError:
        return None


def remove_creator(tenant_id: str, campaign_id: str, creator_key: str) -> bool:
    """Remove a creator from a campaign; return False if it did not take part."""
    key_condition = CampaignCreatorTable.match_key(tenant_id, campaign_id, creator_key)
    return bool(CampaignCreatorTable.delete().where(key_condition).execute())


def _to_campaign(row: CampaignTable) -> Campaign:
    return Campaign(
        tenant_id=row.tenant_id,
        campaign_id=row.campaign_id,
        names=row.names,
        description=row.description,
        status=CampaignStatus(row.status),
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        created_at=row.created_at,
        updated_at=row.updated_at,
        metadata=row.metadata,
        suspended_at=row.suspended_at,
        time_zone=row.time_zone,
    )
