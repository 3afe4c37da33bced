"""Filters by state, in which "suspended" is a state like the stored ones."""

from enum import StrEnum
from typing import Any

from marshmallow import post_load

from admin_gateway.requests.campaigns import CampaignQuerySchema
from admin_gateway.requests.definitions import DefinitionQuerySchema
from admin_gateway.requests.fields import EnumField
from coupon_core.domain.models import DefinitionStatus
from coupon_core.domain.models.campaigns import CampaignStatus
from coupon_core.schemas.base import StrictSchema

SUSPENDED = "suspended"


class DefinitionState(StrEnum):
    """The stored states of definitions, and "suspended"."""

    ACTIVE = DefinitionStatus.ACTIVE
    PAUSED = DefinitionStatus.PAUSED
    ARCHIVED = DefinitionStatus.ARCHIVED
    SUSPENDED = SUSPENDED


class CampaignState(StrEnum):
    """The stored states of campaigns, and "suspended"."""

    PENDING_EXPOSURE = CampaignStatus.PENDING_EXPOSURE
    EXPOSED = CampaignStatus.EXPOSED
    IN_PROGRESS = CampaignStatus.IN_PROGRESS
    COMPLETED = CampaignStatus.COMPLETED
    CANCELLED = CampaignStatus.CANCELLED
    SUSPENDED = SUSPENDED


class SuspendedStateSchema(StrictSchema):
    """Loads the state "suspended" as a filter by suspension."""

    @post_load
    def replace_suspended(self, members: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Filter by suspension instead of the stored status."""
        if members.get("status") == SUSPENDED:
            del members["status"]
            members["is_suspended"] = True
        return members


class ListDefinitionsSchema(SuspendedStateSchema, DefinitionQuerySchema):
    """The filters of the list of definitions."""

    status = EnumField(DefinitionState)


class ListCampaignsSchema(SuspendedStateSchema, CampaignQuerySchema):
    """The filters of the list of campaigns."""

    status = EnumField(CampaignState)
