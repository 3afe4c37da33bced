"""What admins may send, over HTTP and on the command line, and what lists they ask."""

from .audit import AuditQuery
from .batches import BatchQuery
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
    RevokeGivenBody,
)
from .client_keys import ClientKeyBody, ClientKeyQuery
from .codes import (
    AssignBody,
    CodeFilters,
    CodeQuery,
    ExtendCodesBody,
    ImportQuery,
    RevokeCodesBody,
    cursor_of,
    place_of,
)
from .coupons import CouponQuery, GenerateBody, GenerateQuery, RevokeBody
from .definitions import (
    DefinitionBody,
    DefinitionChanges,
    DefinitionQuery,
    DefinitionReplacement,
)
from .events import ANY_MILESTONE, EventBatch, read_event, read_events
from .keys import ApiKeyBody
from .lists import ListQuery
from .points import PointsBody, PointsQuery, UserBody, UserChanges, UserQuery
from .rewards import RewardItemBody, RewardItemChanges, RewardItemQuery
from .webhooks import WebhookBody, WebhookChanges

__all__ = [
    "ANY_MILESTONE",
    "ApiKeyBody",
    "AssignBody",
    "AuditQuery",
    "BatchQuery",
    "CampaignBody",
    "CampaignChanges",
    "CampaignQuery",
    "ClientKeyBody",
    "ClientKeyQuery",
    "CodeFilters",
    "CodeQuery",
    "CouponQuery",
    "CreatorBody",
    "CreatorChanges",
    "CreatorQuery",
    "DefinitionBody",
    "DefinitionChanges",
    "DefinitionQuery",
    "DefinitionReplacement",
    "EventBatch",
    "ExtendCodesBody",
    "GenerateBody",
    "GenerateQuery",
    "GiveBody",
    "ImportQuery",
    "ListQuery",
    "PackageBody",
    "PackageChanges",
    "PackageQuery",
    "PointsBody",
    "PointsQuery",
    "RevokeBody",
    "RevokeCodesBody",
    "RevokeGivenBody",
    "RewardItemBody",
    "RewardItemChanges",
    "RewardItemQuery",
    "UserBody",
    "UserChanges",
    "UserQuery",
    "WebhookBody",
    "WebhookChanges",
    "cursor_of",
    "place_of",
    "read_event",
    "read_events",
]
