"""What admins may send, over HTTP and on the command line, and what lists they ask."""

from .campaigns import (
    CampaignBody,
    CampaignChanges,
    CampaignQuery,
    CreatorBody,
    CreatorChanges,
    CreatorQuery,
    GiveBody,
    PackageBody,
    PackageChanges,
    PackageQuery,
    RevokeCodesBody,
)
from .client_keys import ClientKeyBody, ClientKeyQuery
from .coupons import CouponQuery, GenerateBody, RevokeBody
from .definitions import (
    DefinitionBody,
    DefinitionChanges,
    DefinitionQuery,
    DefinitionReplacement,
)
from .events import ANY_MILESTONE, EventBatch, read_event, read_events
from .keys import ApiKeyBody
from .lists import ListQuery
from .rewards import RewardItemBody, RewardItemChanges, RewardItemQuery

__all__ = [
    "ANY_MILESTONE",
    "ApiKeyBody",
    "CampaignBody",
    "CampaignChanges",
    "CampaignQuery",
    "ClientKeyBody",
    "ClientKeyQuery",
    "CouponQuery",
    "CreatorBody",
    "CreatorChanges",
    "CreatorQuery",
    "DefinitionBody",
    "DefinitionChanges",
    "DefinitionQuery",
    "DefinitionReplacement",
    "EventBatch",
    "GenerateBody",
    "GiveBody",
    "ListQuery",
    "PackageBody",
    "PackageChanges",
    "PackageQuery",
    "RevokeBody",
    "RevokeCodesBody",
    "RewardItemBody",
    "RewardItemChanges",
    "RewardItemQuery",
    "read_event",
    "read_events",
]
