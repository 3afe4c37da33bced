"""Request schemas for definitions, loaded as flat members of `Definition`.

A null member is reset to its default; an absent one is not loaded.
"""

from collections.abc import Mapping
from typing import Any

from marshmallow import post_load

from admin_gateway.requests.definition_config import (
    DefinitionConfigSchema,
    UpdateDefinitionConfigSchema,
)
from admin_gateway.requests.fields import CampaignIdField, EnumField
from admin_gateway.requests.pagination import ListQuerySchema
from coupon_core.domain.models import DefinitionStatus
from coupon_core.schemas.base import StrictSchema
from coupon_core.schemas.fields import StrictString
from coupon_core.schemas.metadata import MetadataField, MetadataFilterField
from coupon_core.schemas.names import NameField
from coupon_core.schemas.nested_fields import StrictNested
from coupon_core.services.catalog.definitions import DEFAULTS

# Phoenix has no member for it, so replacing a definition keeps what Mambo has set.
REPLACEABLE_DEFAULTS: Mapping[str, Any] = {
    name: value for name, value in DEFAULTS.items() if name != "awarded_only"
}


def _description_field() -> StrictString:
    return StrictString(min_length=0, max_length=2_000, multiline=True, allow_none=True)


def _campaign_field() -> CampaignIdField:
    return CampaignIdField(
        allow_none=True,
        metadata={
            "description": "Campaign that it belongs to; null for none. A new "
            "definition without dates takes over those of the campaign."
        },
    )


class UpdateDefinitionSchema(StrictSchema):
    """PATCH: the members to change, including those of `config`."""

    name = NameField()
    description = _description_field()
    campaign_id = _campaign_field()
    status = EnumField(DefinitionStatus)
    metadata = MetadataField()
    config = StrictNested(UpdateDefinitionConfigSchema)

    @post_load
    def flatten(self, members: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Flatten the members of `config` and replace null with the default."""
        return _flatten(members)


class CreateDefinitionSchema(StrictSchema):
    """POST: a complete definition."""

    name = NameField(required=True)
    description = _description_field()
    metadata = MetadataField()
    campaign_id = _campaign_field()
    config = StrictNested(DefinitionConfigSchema, required=True)

    @post_load
    def flatten(self, members: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Flatten the members of `config` and replace null with the default."""
        return _flatten(members)


class ReplaceDefinitionSchema(CreateDefinitionSchema):
    """PUT: a complete definition; absent members are reset to their defaults."""

    status = EnumField(
        DefinitionStatus, metadata={"description": "Unchanged if absent."}
    )

    @post_load
    def flatten(self, members: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Flatten the members of `config` and add defaults for absent members."""
        return {**REPLACEABLE_DEFAULTS, **_flatten(members)}


def _flatten(members: Mapping[str, Any]) -> dict[str, Any]:
    flat = {**members, **members.get("config", {})}
    flat.pop("config", None)
    for name in ("description", "campaign_id"):
        if flat.get(name, "") is None:
            flat[name] = DEFAULTS[name]
    return flat


class DefinitionQuerySchema(ListQuerySchema):
    """Page and filters of the list of definitions."""

    status = EnumField(DefinitionStatus)
    name = NameField(metadata={"description": "Part of the name; case-insensitive."})
    metadata = MetadataFilterField()
    campaign_id = CampaignIdField()
