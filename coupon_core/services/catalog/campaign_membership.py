"""Definitions in a campaign: their campaign, and what they take over from it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from coupon_core.domain.entered_times import DEFAULT_TIME_ZONE, resolve_times
from coupon_core.domain.models import AdminReason, Definition, Refused
from coupon_core.domain.models.campaigns import Campaign
from coupon_core.persistence.repositories import campaigns as campaign_repository
from coupon_core.persistence.repositories import packages as package_repository
from coupon_core.services.errors import require_found
from coupon_core.services.time_zones import find_time_zone

TIMES_PATH = "config."
NO_CAMPAIGN_STATE = {
    "is_campaign_ended": False,
    "campaign_suspended_at": None,
    "campaign_time_zone": None,
}
MEMBERS = frozenset({"campaign_id", "time_zone"})


def complete_fields(tenant_id: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a new definition with instants as times.

    Dates that are absent are those of its campaign; null means none.

    Raises:
        Refused: The campaign does not exist, or a time is outside the allowed years.
    """
    campaign_id = fields.get("campaign_id", "")
    campaign = _require_campaign(tenant_id, campaign_id) if campaign_id else None
    zone = fields.get("time_zone") or (
        campaign.time_zone if campaign else DEFAULT_TIME_ZONE
    )
    inherited = (
        {
            "starts_at": campaign.starts_at,
            "expires_at": campaign.ends_at,
            **campaign.get_definition_state(),
        }
        if campaign
        else {}
    )
    return {**inherited, **resolve_times(fields, zone, TIMES_PATH)}


def resolve_changes(before: Definition, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return changes of a definition with instants as times.

    Raises:
        Refused: The new campaign does not exist, the definition is a package of
            another campaign, or a time is outside the allowed years.
    """
    ids = before.tenant_id, before.definition_id
    after = replace(
        before, **{name: changes[name] for name in MEMBERS & changes.keys()}
    )
    resolved = resolve_times(changes, find_time_zone(after), TIMES_PATH)
    if after.campaign_id == before.campaign_id:
        return resolved
    if package_repository.find_by_definition(*ids):
        raise Refused(AdminReason.CAMPAIGN_OF_PACKAGE)
    if not after.campaign_id:
        return {**resolved, **NO_CAMPAIGN_STATE}
    campaign = _require_campaign(before.tenant_id, after.campaign_id)
    return {**resolved, **campaign.get_definition_state()}


def _require_campaign(tenant_id: str, campaign_id: str) -> Campaign:
    campaign = campaign_repository.get(tenant_id, campaign_id)
    return require_found(campaign, AdminReason.UNKNOWN_CAMPAIGN)
