"""Request schemas and parsers of the admin API; the command line uses them too."""

from admin_gateway.requests.api_keys import CreateApiKeySchema
from admin_gateway.requests.audit import AuditQuerySchema
from admin_gateway.requests.batches import BatchQuerySchema
from admin_gateway.requests.campaigns import (
    CampaignQuerySchema,
    CreateCampaignSchema,
    UpdateCampaignSchema,
)
from admin_gateway.requests.client_keys import (
    ClientKeyQuerySchema,
    CreateClientKeySchema,
)
from admin_gateway.requests.codes import (
    AssignCodeSchema,
    CodeFilterSchema,
    CodeQuerySchema,
    ExtendCodesSchema,
    ImportCodesQuerySchema,
    RevokeCodesSchema,
    format_cursor,
    parse_cursor,
)
from admin_gateway.requests.coupons import (
    CouponQuerySchema,
    GenerateCouponsQuerySchema,
    GenerateCouponsSchema,
    RevokeCouponSchema,
)
from admin_gateway.requests.creators import (
    AssignCreatorCodesSchema,
    CreateCreatorSchema,
    CreatorQuerySchema,
    RevokeCreatorCodesSchema,
    UpdateCreatorSchema,
)
from admin_gateway.requests.definitions import (
    CreateDefinitionSchema,
    DefinitionQuerySchema,
    ReplaceDefinitionSchema,
    UpdateDefinitionSchema,
)
from admin_gateway.requests.events import (
    ANY_MILESTONE_SCHEMA,
    EventBatchSchema,
    parse_event,
    parse_events,
)
from admin_gateway.requests.packages import (
    CreatePackageSchema,
    PackageQuerySchema,
    UpdatePackageSchema,
)
from admin_gateway.requests.pagination import ListQuerySchema
from admin_gateway.requests.points import (
    CreateUserSchema,
    PointChangeSchema,
    PointsQuerySchema,
    UpdateUserSchema,
    UserQuerySchema,
)
from admin_gateway.requests.reward_items import (
    CreateRewardItemSchema,
    RewardItemQuerySchema,
    UpdateRewardItemSchema,
)
from admin_gateway.requests.webhooks import CreateWebhookSchema, UpdateWebhookSchema

__all__ = [
    "ANY_MILESTONE_SCHEMA",
    "AssignCodeSchema",
    "AssignCreatorCodesSchema",
    "AuditQuerySchema",
    "BatchQuerySchema",
    "CampaignQuerySchema",
    "ClientKeyQuerySchema",
    "CodeFilterSchema",
    "CodeQuerySchema",
    "CouponQuerySchema",
    "CreateApiKeySchema",
    "CreateCampaignSchema",
    "CreateClientKeySchema",
    "CreateCreatorSchema",
    "CreateDefinitionSchema",
    "CreatePackageSchema",
    "CreateRewardItemSchema",
    "CreateUserSchema",
    "CreateWebhookSchema",
    "CreatorQuerySchema",
    "DefinitionQuerySchema",
    "EventBatchSchema",
    "ExtendCodesSchema",
    "GenerateCouponsQuerySchema",
    "GenerateCouponsSchema",
    "ImportCodesQuerySchema",
    "ListQuerySchema",
    "PackageQuerySchema",
    "PointChangeSchema",
    "PointsQuerySchema",
    "ReplaceDefinitionSchema",
    "RevokeCodesSchema",
    "RevokeCouponSchema",
    "RevokeCreatorCodesSchema",
    "RewardItemQuerySchema",
    "UpdateCampaignSchema",
    "UpdateCreatorSchema",
    "UpdateDefinitionSchema",
    "UpdatePackageSchema",
    "UpdateRewardItemSchema",
    "UpdateUserSchema",
    "UpdateWebhookSchema",
    "UserQuerySchema",
    "format_cursor",
    "parse_cursor",
    "parse_event",
    "parse_events",
]
