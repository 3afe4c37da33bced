"""Request schemas for campaigns (docs/api-contracts.md 3.3)."""

from typing import Any

from marshmallow import ValidationError, post_load, validates_schema

from admin_gateway.requests.fields import CampaignIdField, EnumField
from admin_gateway.requests.localized_fields import LocalizedTextField
from admin_gateway.requests.pagination import ListQuerySchema
from coupon_core.domain.entered_times import DEFAULT_TIME_ZONE
from coupon_core.domain.models.campaigns import CampaignStatus
from coupon_core.schemas.base import StrictSchema
from coupon_core.schemas.entered_times import EnteredTimeField, TimeZoneField
from coupon_core.schemas.metadata import MetadataField, MetadataFilterField
from coupon_core.schemas.names import NameField

DEFAULT_LOCALE = "en"


class UpdateCampaignSchema(StrictSchema):
    """PATCH: the members of a campaign to change."""

    name = NameField(metadata={"description": "Short for names in English only."})
    names = LocalizedTextField(min_locales=1, names=True)
    description = LocalizedTextField()
    status = EnumField(CampaignStatus)
    metadata = MetadataField()
    time_zone = TimeZoneField(
        allow_none=True,
        metadata={
            "description": "Of its dates, and of its definitions that have none of "
            "their own. A change moves no times that are stored already.",
            "default": DEFAULT_TIME_ZONE,
        },
    )
    starts_at = EnteredTimeField(
        "Codes are not valid before this time, unless their package sets its own.",
        allow_none=True,
    )
    ends_at = EnteredTimeField(
        "Codes are not valid after this time, unless their package sets its own.",
        is_end=True,
        allow_none=True,
    )

    @post_load
    def normalize_members(self, members: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Convert a name to names, and a null time zone to the default."""
        if "name" in members:
            if "names" in members:
                raise ValidationError("expected either name or names", "name")
            members["names"] = {DEFAULT_LOCALE: members.pop("name")}
        if members.get("time_zone", "") is None:
            members["time_zone"] = DEFAULT_TIME_ZONE
        return members


class CreateCampaignSchema(UpdateCampaignSchema):
    """POST: create a campaign; only a name is needed."""

    campaign_id = CampaignIdField(
        metadata={"description": "Default: made from the name."}
    )

    @validates_schema
    def require_name(self, members: dict[str, Any], **_: Any) -> None:
        """Require a name."""
        if not members.keys() & {"name", "names"}:
            raise ValidationError(
                "missing; expected a name, or names by locale", "name"
            )


class CampaignQuerySchema(ListQuerySchema):
    """Page and filters of the list of campaigns."""

    status = EnumField(CampaignStatus)
    metadata = MetadataFilterField()
