"""What admins may send, over HTTP and on the command line, and what lists they ask."""

from .coupons import CouponQuery, GenerateBody, RevokeBody
from .definitions import (
    DefinitionBody,
    DefinitionChanges,
    DefinitionQuery,
    DefinitionReplacement,
)
from .keys import ApiKeyBody
from .lists import ListQuery
from .rewards import RewardItemBody, RewardItemChanges, RewardItemQuery

__all__ = [
    "ApiKeyBody",
    "CouponQuery",
    "DefinitionBody",
    "DefinitionChanges",
    "DefinitionQuery",
    "DefinitionReplacement",
    "GenerateBody",
    "ListQuery",
    "RevokeBody",
    "RewardItemBody",
    "RewardItemChanges",
    "RewardItemQuery",
]
