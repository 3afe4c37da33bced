"""The suspension of definitions, batches and campaigns: one column of one row."""

from datetime import datetime

from coupon_core.persistence.tables import BatchTable, CampaignTable, DefinitionTable


def set_definition_suspended_at(
    tenant_id: str, definition_id: str, suspended_at: datetime | None, now: datetime
) -> bool:
    """Suspend a definition, or resume it with None; return False if nothing changed."""
    return _update(
        DefinitionTable, tenant_id, definition_id, suspended_at, updated_at=now
    )


def set_batch_suspended_at(
    tenant_id: str, batch_id: str, suspended_at: datetime | None, now: datetime
) -> bool:
    """Suspend a batch, or resume it with None; return False if nothing changed.

    The time of its last progress stays, so that a batch that waited is continued soon.
    """
    return _update(BatchTable, tenant_id, batch_id, suspended_at)


def set_campaign_suspended_at(
    tenant_id: str, campaign_id: str, suspended_at: datetime | None, now: datetime
) -> bool:
    """Suspend a campaign, or resume it with None; return False if nothing changed."""
    return _update(CampaignTable, tenant_id, campaign_id, suspended_at, updated_at=now)


def _update(
    table: type[DefinitionTable | BatchTable | CampaignTable],
    tenant_id: str,
    object_id: str,
    suspended_at: datetime | None,
    **values: datetime,
) -> bool:
    is_suspended = table.suspended_at.is_null(False)
    query = table.update(suspended_at=suspended_at, **values).where(
        table.match_key(tenant_id, object_id),
        ~is_suspended if suspended_at else is_suspended,
    )
    return bool(query.execute())
