"""How admins ask for coupons: to be made, listed, revoked (CONTRACTS 0.20)."""

from typing import Any

from marshmallow import ValidationError, post_load

from coupon_core.generation import MOST_INLINE
from coupon_core.model import NOBODY, CouponStatus
from coupon_core.web.fields import StrictInteger, StrictList, UtcDateTime
from coupon_core.web.identifiers import UserId
from coupon_core.web.schemas import Strict

from .lists import ListQuery
from .words import Code, Word

ONE_OF_BOTH = "expected either user_ids or count"


class GenerateBody(Strict):
    """For which users, or how many that nobody holds yet."""

    user_ids = StrictList(UserId(), least=1, most=MOST_INLINE)
    count = StrictInteger(least=1, most=MOST_INLINE)
    expires_at = UtcDateTime(
        allow_none=True,
        metadata={"description": "Their own expiry, instead of the definition's."},
    )

    @post_load
    def choose(self, members: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Load as `user_ids`: each user once, or NOBODY as often as was asked."""
        if ("user_ids" in members) == ("count" in members):
            raise ValidationError(ONE_OF_BOTH, "user_ids")
        users = list(dict.fromkeys(members.pop("user_ids", ())))
        return {"user_ids": users or [NOBODY] * members.pop("count"), **members}


class RevokeBody(Strict):
    """Which coupon to take out of use, by its code."""

    code = Code(required=True)
    user_id = UserId(
        metadata={"description": "Whose, when several users hold the code."}
    )


class CouponQuery(ListQuery):
    """Which coupons of a definition a list shows."""

    status = Word(CouponStatus)
    user_id = UserId()
    code = Code()
