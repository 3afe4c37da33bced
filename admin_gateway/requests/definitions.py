"""Definitions as admins write them, loaded as flat members of the core's Definition.

A member that is null goes back to its default; one that is absent is not loaded.
"""

from collections.abc import Mapping
from typing import Any

from marshmallow import post_load

from admin_gateway.requests.definition_config import (
    DefinitionConfigSchema,
    UpdateDefinitionConfigSchema,
)
from admin_gateway.requests.fields import EnumField
from admin_gateway.requests.pagination import ListQuerySchema
from coupon_core.domain.models import DefinitionStatus
from coupon_core.schemas.base import StrictSchema
from coupon_core.schemas.fields import StrictNested, StrictString
from coupon_core.services.catalog.definitions import DEFAULTS

# What Phoenix has no words for stays as the other dialects have it.
REPLACEABLE_DEFAULTS: Mapping[str, Any] = {
    name: value
    for name, value in DEFAULTS.items()
    if name not in ("awarded_only", "per_user_limit")
}


def _name_field(**options: Any) -> StrictString:
    return StrictString(
        pattern=r"^[^\W_][\w -]*$",
        expectation="1 to 255 letters, digits, blanks, _ or -, first a letter or digit",
        **options,
    )


def _description_field() -> StrictString:
    return StrictString(min_length=0, max_length=2_000, multiline=True, allow_none=True)


class UpdateDefinitionSchema(StrictSchema):
    """PATCH: the members, also of `config`, that are to change; the others stay."""

    name = _name_field()
    description = _description_field()
    status = EnumField(DefinitionStatus)
    config = StrictNested(UpdateDefinitionConfigSchema)

    @post_load
    def flatten(self, members: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Lift the members of `config` and put the default where null was sent."""
        return _flatten(members)


class CreateDefinitionSchema(StrictSchema):
    """POST: a whole definition."""

    name = _name_field(required=True)
    description = _description_field()
    config = StrictNested(DefinitionConfigSchema, required=True)

    @post_load
    def flatten(self, members: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Lift the members of `config` and put the default where null was sent."""
        return _flatten(members)


class ReplaceDefinitionSchema(CreateDefinitionSchema):
    """PUT: a whole definition; what is absent goes back to its default."""

    status = EnumField(DefinitionStatus, metadata={"description": "Stays when absent."})

    @post_load
    def flatten(self, members: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Lift the members of `config` over the defaults of all that was not sent."""
        return {**REPLACEABLE_DEFAULTS, **_flatten(members)}


def _flatten(members: Mapping[str, Any]) -> dict[str, Any]:
    flat = {**members, **members.get("config", {})}
    flat.pop("config", None)
    if flat.get("description", "") is None:
        flat["description"] = DEFAULTS["description"]
    return flat


class DefinitionQuerySchema(ListQuerySchema):
    """Which definitions a list shows."""

    status = EnumField(DefinitionStatus)
    name = StrictString(metadata={"description": "A part of the name, in any case."})
