"""How admins ask for coupons: to be made, listed, revoked (CONTRACTS 0.20)."""

from typing import Any

from marshmallow import ValidationError, post_load

from admin_gateway.requests.fields import Code, Word
from admin_gateway.requests.pagination import ListQuery
from coupon_core.domain.models import CouponStatus
from coupon_core.schemas.base import Strict, Tolerant
from coupon_core.schemas.fields import StrictInteger, StrictList, UtcDateTime
from coupon_core.schemas.identifiers import UserId
from coupon_core.services.batches import MOST_COUPONS, MOST_USERS, Wanted

OWN_EXPIRY = {"description": "Their own expiry, instead of the definition's."}
ONE_OF_BOTH = "expected either user_ids or count"


class GenerateBody(Strict):
    """For which users, or how many that nobody holds yet."""

    user_ids = StrictList(UserId(), least=1, most=MOST_USERS)
    count = StrictInteger(least=1, most=MOST_COUPONS)
    expires_at = UtcDateTime(allow_none=True, metadata=OWN_EXPIRY)

    @post_load
    def choose(self, members: dict[str, Any], **_: Any) -> Wanted:
        """Load as what is wanted: for each user once, or so many for nobody yet."""
        if ("user_ids" in members) == ("count" in members):
            raise ValidationError(ONE_OF_BOTH, "user_ids")
        users = list(dict.fromkeys(members.get("user_ids", ())))
        count = len(users) or members["count"]
        return Wanted(count, users, members.get("expires_at"))


class GenerateQuery(Tolerant):
    """What is said beside a list of users in CSV."""

    expires_at = UtcDateTime(metadata=OWN_EXPIRY)


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
