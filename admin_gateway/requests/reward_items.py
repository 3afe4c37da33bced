"""Reward items as admins write them (CONTRACTS 1.3)."""

from admin_gateway.requests.pagination import ListQuery
from coupon_core.schemas.base import Strict
from coupon_core.schemas.fields import StrictObject, StrictString

LONGEST_DESCRIPTION = 2_000
LONGEST_TYPE = 64
PAYLOAD = {"description": "What the game needs to grant it; opaque to us."}
REWARD_TYPE = {"description": "Your own word, such as points, currency, item, badge."}


class RewardItemChanges(Strict):
    """PATCH: the members that are to change."""

    name = StrictString()
    description = StrictString(least=0, most=LONGEST_DESCRIPTION, multiline=True)
    reward_type = StrictString(most=LONGEST_TYPE, metadata=REWARD_TYPE)
    payload = StrictObject(metadata=PAYLOAD)


class RewardItemBody(RewardItemChanges):
    """POST and PUT: a whole reward item."""

    name = StrictString(required=True)
    description = StrictString(
        least=0, most=LONGEST_DESCRIPTION, multiline=True, load_default=""
    )
    reward_type = StrictString(most=LONGEST_TYPE, required=True, metadata=REWARD_TYPE)
    payload = StrictObject(load_default=dict, metadata=PAYLOAD)


class RewardItemQuery(ListQuery):
    """Which reward items a list shows."""

    reward_type = StrictString(most=LONGEST_TYPE)
