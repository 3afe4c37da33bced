"""Request schemas for campaigns (docs/api-contracts.md 3.3)."""

from admin_gateway.requests.fields import EnumField
from admin_gateway.requests.localized_fields import (
    LocalizedTextField,
    optional_time_field,
)
from admin_gateway.requests.pagination import ListQuerySchema
from coupon_core.domain.models.campaigns import CampaignStatus
from coupon_core.schemas.base import StrictSchema
from coupon_core.schemas.fields import StrictString
from coupon_core.schemas.metadata import MetadataField, MetadataFilterField


class UpdateCampaignSchema(StrictSchema):
    """PATCH: the members of a campaign to change."""

    names = LocalizedTextField(min_locales=1, names=True)
    description = LocalizedTextField()
    status = EnumField(CampaignStatus)
    metadata = MetadataField()
    starts_at = optional_time_field(
        "Codes are not valid before this time, unless their package sets its own."
    )
    ends_at = optional_time_field(
        "Codes are not valid after this time, unless their package sets its own."
    )


class CreateCampaignSchema(UpdateCampaignSchema):
    """POST: create a campaign."""

    campaign_id = StrictString(
        required=True,
        max_length=64,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$",
        expectation="1 to 64 letters, digits, _ or -, first a letter or digit",
    )
    names = LocalizedTextField(required=True, min_locales=1, names=True)


class CampaignQuerySchema(ListQuerySchema):
    """Page and filters of the list of campaigns."""

    status = EnumField(CampaignStatus)
    metadata = MetadataFilterField()
