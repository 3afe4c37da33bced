"""Requests to list and reverse redemptions."""

from typing import Any

from marshmallow import post_load

from admin_gateway.requests.fields import EnumField
from coupon_core.domain.models import Dialect
from coupon_core.domain.models.filters import RedemptionFilter
from coupon_core.schemas.base import LenientSchema, StrictSchema
from coupon_core.schemas.codes import CodeField
from coupon_core.schemas.fields import StrictQueryInteger, StrictString, UtcDateTime
from coupon_core.schemas.identifiers import UserIdField, UuidField
from coupon_core.schemas.metadata import reference_field

MAX_INTEGER_ID = 2**53 - 1


class RedemptionFilterSchema(LenientSchema):
    """Filters of a tenant's redemptions; loads as `redemption_filter`."""

    user_id = UserIdField()
    code = CodeField()
    definition_id = UuidField()
    campaign_id = StrictString(max_length=64)
    reference = reference_field()
    dialect = EnumField(
        Dialect, metadata={"description": "API through which the code was redeemed."}
    )
    redeemed_from = UtcDateTime(
        data_key="from", metadata={"description": "At or after this time."}
    )
    redeemed_before = UtcDateTime(
        data_key="to", metadata={"description": "Before this time."}
    )

    @post_load
    def to_redemption_filter(self, members: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Combine the filters into a `RedemptionFilter`."""
        page = {"limit": members.pop("limit")} if "limit" in members else {}
        return {"redemption_filter": RedemptionFilter(**members), **page}


class RedemptionQuerySchema(RedemptionFilterSchema):
    """A page of redemptions."""

    limit = StrictQueryInteger(min_value=1, max_value=500, load_default=100)
    before_id = StrictQueryInteger(
        data_key="cursor",
        min_value=1,
        max_value=MAX_INTEGER_ID,
        metadata={
            "description": "Position of the next page: `next` of the previous response."
        },
    )


class ReverseRedemptionSchema(StrictSchema):
    """Why the use is given back."""

    reason = StrictString(min_length=0, load_default="")
