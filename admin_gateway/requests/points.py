"""Request schemas for users and points."""

from typing import Any

from admin_gateway.requests.pagination import ListQuerySchema
from coupon_core.domain.models.points import MAX_POINTS
from coupon_core.schemas.base import StrictSchema
from coupon_core.schemas.fields import (
    StrictBoolean,
    StrictInteger,
    StrictList,
    StrictObject,
    StrictString,
)
from coupon_core.schemas.identifiers import UserIdField

MAX_TAGS = 100


def _point_id_field(**options: Any) -> StrictString:
    return StrictString(
        max_length=64,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$",
        expectation="1 to 64 letters, digits, _, - or ., first a letter or digit",
        **options,
    )


class UpdateUserSchema(StrictSchema):
    """PATCH: the members of a user to change."""

    is_member = StrictBoolean(
        metadata={
            "description": "Only members can buy and redeem through the Mambo API."
        }
    )
    details = StrictObject(
        metadata={"description": "Data about the user; stored as sent."}
    )
    tags = StrictList(StrictString(max_length=64), max_length=MAX_TAGS)


class CreateUserSchema(UpdateUserSchema):
    """POST: register a user."""

    user_id = UserIdField(required=True)


class UserQuerySchema(ListQuerySchema):
    """Page of the list of users."""


class PointChangeSchema(StrictSchema):
    """Points to credit or debit."""

    user_id = UserIdField(required=True)
    point_id = _point_id_field(required=True)
    amount = StrictInteger(required=True, min_value=1, max_value=MAX_POINTS)
    reference = StrictString(
        min_length=0,
        load_default="",
        metadata={"description": "Your own reference, such as an order ID."},
    )
    reason = StrictString(min_length=0, load_default="")


class PointsQuerySchema(ListQuerySchema):
    """Page and filters of lists of points: user and kind of point."""

    user_id = UserIdField()
    point_id = _point_id_field()
