"""Request schemas for packages (docs/api-contracts.md 3.3)."""

from typing import Any

from marshmallow import post_load

from admin_gateway.requests.limits import MAX_USES
from admin_gateway.requests.localized_fields import LocalizedTextField
from admin_gateway.requests.pagination import ListQuerySchema
from coupon_core.schemas.base import StrictSchema
from coupon_core.schemas.entered_times import EnteredTimeField
from coupon_core.schemas.fields import (
    StrictBoolean,
    StrictInteger,
    StrictList,
    StrictString,
)
from coupon_core.schemas.nested_fields import StrictNested


class RewardLineSchema(StrictSchema):
    """One reward line with PlayCamp's member names, as games receive it."""

    itemId = StrictString(required=True)
    itemQuantity = StrictInteger(required=True, min_value=1, max_value=MAX_USES)
    itemName = LocalizedTextField(min_locales=1, names=True)
    itemImageUrl = StrictString(max_length=2_048, pattern=r"^https?://[!-~]+$")


def _limit_field(attribute: str, description: str) -> StrictInteger:
    return StrictInteger(
        attribute=attribute,
        max_value=MAX_USES,
        allow_none=True,
        metadata={"description": f"{description}; 0 or null means no limit."},
    )


class UpdatePackageSchema(StrictSchema):
    """PATCH: the members of a package to change."""

    item_name = LocalizedTextField(min_locales=1, names=True)
    item_description = LocalizedTextField()
    rewards = StrictList(StrictNested(RewardLineSchema), min_length=1, max_length=20)
    per_code_usage_limit = _limit_field(
        "per_code_limit", "Maximum uses of one code by one user"
    )
    cross_creator_limit = _limit_field(
        "per_user_limit", "Maximum uses by one user, over all creators' codes"
    )
    max_total_usage = _limit_field("total_limit", "Maximum uses by all users together")
    is_active = StrictBoolean(
        metadata={"description": "While false, no code of the package is valid."}
    )
    starts_at = EnteredTimeField(
        "Start of the package; null means the campaign's start.", allow_none=True
    )
    ends_at = EnteredTimeField(
        "End of the package; null means the campaign's end.",
        is_end=True,
        allow_none=True,
    )

    @post_load
    def normalize_members(self, members: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Convert null limits to 0 (no limit) and reward lines to a tuple."""
        for name in ("per_code_limit", "per_user_limit", "total_limit"):
            if name in members:
                members[name] = members[name] or 0
        if "rewards" in members:
            members["rewards"] = tuple(members["rewards"])
        return members


class CreatePackageSchema(UpdatePackageSchema):
    """POST: create a package; by default each user may use a code once."""

    item_name = LocalizedTextField(required=True, min_locales=1, names=True)
    rewards = StrictList(
        StrictNested(RewardLineSchema), required=True, min_length=1, max_length=20
    )


class PackageQuerySchema(ListQuerySchema):
    """Page and filters of the list of packages."""

    campaign_id = StrictString(max_length=64)
