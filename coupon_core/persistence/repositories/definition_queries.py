"""The query of a tenant's definitions, with their uses and the state of campaigns."""

from collections.abc import Iterable
from dataclasses import fields
from typing import Any

from peewee import Case, Value, fn

from coupon_core.domain.models import Definition
from coupon_core.domain.models.campaigns import ENDED_STATUSES
from coupon_core.persistence.row_mapping import to_definition
from coupon_core.persistence.tables import (
    CampaignTable,
    DefinitionTable,
    UsageSlotTable,
)
from coupon_core.persistence.tables.definitions import MIN_SLOTTED_COUNT, SLOTTED_COUNT


def select_definitions(tenant_id: str) -> Any:
    """Return the query of all definitions of a tenant, in the order of the fields."""
    has_usage_slots = DefinitionTable.used_count >= MIN_SLOTTED_COUNT
    derived_columns = {
        "used_count": Case(
            None,
            [(has_usage_slots, _get_slotted_count(tenant_id))],
            DefinitionTable.used_count,
        ),
        "has_usage_slots": has_usage_slots,
        "is_campaign_ended": is_campaign_ended(tenant_id),
        "campaign_suspended_at": _select_of_campaign(
            tenant_id, CampaignTable.suspended_at
        ),
        "campaign_time_zone": _select_of_campaign(tenant_id, CampaignTable.time_zone),
    }
    columns = [
        derived_columns[field.name]
        if field.name in derived_columns
        else getattr(DefinitionTable, field.name)
        for field in fields(Definition)
    ]
    return DefinitionTable.select(*columns).where(
        DefinitionTable.tenant_id == tenant_id
    )


def find_definitions(tenant_id: str, definition_ids: Iterable[str]) -> list[Definition]:
    """Return those of the definitions that exist, in any order."""
    query = select_definitions(tenant_id).where(
        DefinitionTable.definition_id.in_(list(definition_ids))
    )
    return [to_definition(row) for row in query.tuples()]


def list_names(tenant_id: str, limit: int) -> list[tuple[str, str]]:
    """Return ID and name of the newest definitions, without all that they are."""
    query = DefinitionTable.select(DefinitionTable.definition_id, DefinitionTable.name)
    newest = query.where(DefinitionTable.tenant_id == tenant_id).order_by(
        DefinitionTable.definition_id.desc()
    )
    return [(str(one), name) for one, name in newest.limit(limit).tuples()]


def _get_slotted_count(tenant_id: str) -> Any:
    used_counts = UsageSlotTable.select(fn.SUM(UsageSlotTable.used_count)).where(
        UsageSlotTable.tenant_id == tenant_id,
        UsageSlotTable.definition_id == DefinitionTable.definition_id,
    )
    return DefinitionTable.used_count - SLOTTED_COUNT + used_counts


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
