"""The columns of a definition, with what is read from its campaign."""

from dataclasses import fields

from peewee import Value, fn

from coupon_core.domain.models import Definition
from coupon_core.domain.models.campaigns import ENDED_STATUSES
from coupon_core.persistence.tables import CampaignTable, DefinitionTable

_CAMPAIGN_CONDITION = (CampaignTable.tenant_id == DefinitionTable.tenant_id) & (
    CampaignTable.campaign_id == DefinitionTable.campaign_id
)
IS_CAMPAIGN_ENDED = fn.EXISTS(
    CampaignTable.select(Value(1)).where(
        _CAMPAIGN_CONDITION, CampaignTable.status.in_(ENDED_STATUSES)
    )
)
CAMPAIGN_SUSPENDED_AT = CampaignTable.select(CampaignTable.suspended_at).where(
    _CAMPAIGN_CONDITION
)
CAMPAIGN_STATE_FIELDS = {
    "is_campaign_ended": IS_CAMPAIGN_ENDED,
    "campaign_suspended_at": CAMPAIGN_SUSPENDED_AT,
    "campaign_time_zone": CampaignTable.select(CampaignTable.time_zone).where(
        _CAMPAIGN_CONDITION
    ),
}
DEFINITION_FIELDS = [
    CAMPAIGN_STATE_FIELDS[field.name]
    if field.name in CAMPAIGN_STATE_FIELDS
    else getattr(DefinitionTable, field.name)
    for field in fields(Definition)
]
