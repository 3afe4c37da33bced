"""Requests to generate, list and revoke coupons (docs/api-contracts.md 0.20)."""

from typing import Any

from marshmallow import ValidationError, post_load

from admin_gateway.requests.csv_files import (
    IGNORE_COLUMNS_METADATA,
    ColumnNamesField,
)
from admin_gateway.requests.fields import EnumField
from admin_gateway.requests.pagination import ListQuerySchema
from coupon_core.domain.models import CouponStatus
from coupon_core.schemas.base import LenientSchema, StrictSchema
from coupon_core.schemas.codes import CodeField
from coupon_core.schemas.entered_times import EnteredTimeField
from coupon_core.schemas.fields import StrictInteger, StrictList
from coupon_core.schemas.identifiers import UserIdField
from coupon_core.schemas.metadata import MetadataField
from coupon_core.services.batches import MAX_COUPONS, MAX_USERS, BatchRequest

EXPIRY_DESCRIPTION = "Expiry of these coupons; overrides that of the definition."
USERS_OR_COUNT_EXPECTED = "expected either user_ids or count"


class GenerateCouponsSchema(StrictSchema):
    """The users to generate coupons for, or the number of unassigned coupons."""

    user_ids = StrictList(UserIdField(), min_length=1, max_length=MAX_USERS)
    count = StrictInteger(min_value=1, max_value=MAX_COUPONS)
    expires_at = EnteredTimeField(EXPIRY_DESCRIPTION, is_end=True, allow_none=True)
    metadata = MetadataField(
        metadata={
            "description": "Stored on the new coupons (201) or on the batch (202)."
        }
    )

    @post_load
    def to_batch_request(self, members: dict[str, Any], **_: Any) -> BatchRequest:
        """Convert to a `BatchRequest`; a repeated user counts once."""
        if ("user_ids" in members) == ("count" in members):
            raise ValidationError(USERS_OR_COUNT_EXPECTED, "user_ids")
        users = list(dict.fromkeys(members.get("user_ids", ())))
        count = len(users) or members["count"]
        return BatchRequest(
            count,
            users,
            expires_at=members.get("expires_at"),
            metadata=members.get("metadata", {}),
        )


class GenerateCouponsQuerySchema(LenientSchema):
    """Query parameters beside a CSV list of users."""

    expires_at = EnteredTimeField(EXPIRY_DESCRIPTION, is_end=True)
    ignore_columns = ColumnNamesField(metadata=IGNORE_COLUMNS_METADATA)


class UpdateCouponSchema(StrictSchema):
    """PATCH: the members of a coupon to change, at least one."""

    metadata = MetadataField()
    expires_at = EnteredTimeField(
        "New expiry; null is that of the definition.",
        is_end=True,
        allow_none=True,
    )

    @post_load
    def require_change(self, members: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Require a member."""
        if not members:
            raise ValidationError({"metadata": ["expected metadata or expires_at"]})
        return members


class RevokeCouponSchema(StrictSchema):
    """The coupon to revoke, by its code."""

    code = CodeField(required=True)
    user_id = UserIdField(
        metadata={"description": "User ID; required if several users hold the code."}
    )


class CouponQuerySchema(ListQuerySchema):
    """Page and filters of the coupons of a definition."""

    status = EnumField(CouponStatus)
    user_id = UserIdField()
    code = CodeField()
