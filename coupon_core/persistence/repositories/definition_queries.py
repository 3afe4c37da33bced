"""The query of the definitions of a tenant, with what is read from their campaigns."""

from dataclasses import fields
from typing import Any

from peewee import Value, fn

from coupon_core.domain.models import Definition
from coupon_core.domain.models.campaigns import ENDED_STATUSES
from coupon_core.persistence.tables import CampaignTable, DefinitionTable


def select_definitions(tenant_id: str) -> Any:
    """Return the query of all definitions of a tenant, in the order of the fields."""
    campaign_columns = {
        "is_campaign_ended": is_campaign_ended(tenant_id),
        "campaign_suspended_at": _select_of_campaign(
            tenant_id, CampaignTable.suspended_at
        ),
        "campaign_time_zone": _select_of_campaign(tenant_id, CampaignTable.time_zone),
    }
    columns = [
        campaign_columns[field.name]
        if field.name in campaign_columns
        else getattr(DefinitionTable, field.name)
        for field in fields(Definition)
    ]
    return DefinitionTable.select(*columns).where(
        DefinitionTable.tenant_id == tenant_id
    )


def is_campaign_ended(tenant_id: str) -> Any:
    """Return the condition that the campaign of a definition has ended."""
    return fn.EXISTS(
        _select_of_campaign(tenant_id, Value(1)).where(
            CampaignTable.status.in_(ENDED_STATUSES)
        )
    )


def get_suspended_at(tenant_id: str) -> Any:
    """Return the suspension of a definition or of its campaign, as an expression."""
    return fn.COALESCE(
        DefinitionTable.suspended_at,
        _select_of_campaign(tenant_id, CampaignTable.suspended_at),
    )


def _select_of_campaign(tenant_id: str, column: Any) -> Any:
    return CampaignTable.select(column).where(
        CampaignTable.tenant_id == tenant_id,
        CampaignTable.campaign_id == DefinitionTable.campaign_id,
    )
