"""What admins may send, over HTTP and on the command line, and what lists they ask."""

from admin_gateway.requests.api_keys import ApiKeyBody
from admin_gateway.requests.audit import AuditQuery
from admin_gateway.requests.batches import BatchQuery
from admin_gateway.requests.campaigns import (
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
from admin_gateway.requests.client_keys import ClientKeyBody, ClientKeyQuery
from admin_gateway.requests.codes import (
    AssignBody,
    CodeFilters,
    CodeQuery,
    ExtendCodesBody,
    ImportQuery,
    RevokeCodesBody,
    cursor_of,
    place_of,
)
from admin_gateway.requests.coupons import (
    CouponQuery,
    GenerateBody,
    GenerateQuery,
    RevokeBody,
)
from admin_gateway.requests.definitions import (
    DefinitionBody,
    DefinitionChanges,
    DefinitionQuery,
    DefinitionReplacement,
)
from admin_gateway.requests.events import (
    ANY_MILESTONE,
    EventBatch,
    read_event,
    read_events,
)
from admin_gateway.requests.pagination import ListQuery
from admin_gateway.requests.points import (
    PointsBody,
    PointsQuery,
    UserBody,
    UserChanges,
    UserQuery,
)
from admin_gateway.requests.reward_items import (
    RewardItemBody,
    RewardItemChanges,
    RewardItemQuery,
)
from admin_gateway.requests.webhooks import WebhookBody, WebhookChanges

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
