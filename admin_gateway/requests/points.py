"""Users and points as admins write them and ask for them."""

from admin_gateway.requests.pagination import ListQuery
from coupon_core.domain.models.points import MOST_POINTS
from coupon_core.schemas.base import Strict
from coupon_core.schemas.fields import (
    StrictBoolean,
    StrictInteger,
    StrictList,
    StrictObject,
    StrictString,
)
from coupon_core.schemas.identifiers import UserId

MOST_TAGS = 100
POINT_ID = {
    "most": 64,
    "pattern": r"^[A-Za-z0-9][A-Za-z0-9_.-]*$",
    "expected": "1 to 64 letters, digits, _, - or ., first a letter or digit",
}


class UserChanges(Strict):
    """PATCH: the members of a user that are to change."""

    is_member = StrictBoolean(
        metadata={"description": "Only members buy and redeem in the Mambo dialect."}
    )
    details = StrictObject(metadata={"description": "About the user; opaque to us."})
    tags = StrictList(StrictString(most=64), most=MOST_TAGS)


class UserBody(UserChanges):
    """A user to make known."""

    user_id = UserId(required=True)


class UserQuery(ListQuery):
    """Which users a list shows."""


class PointsBody(Strict):
    """Points to give or to take."""

    user_id = UserId(required=True)
    point_id = StrictString(required=True, **POINT_ID)
    amount = StrictInteger(required=True, least=1, most=MOST_POINTS)
    reference = StrictString(
        least=0,
        load_default="",
        metadata={"description": "Your own, such as an order."},
    )
    reason = StrictString(least=0, load_default="")


class PointsQuery(ListQuery):
    """Whose points, and which."""

    user_id = UserId()
    point_id = StrictString(**POINT_ID)
