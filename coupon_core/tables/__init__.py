"""The tables, and nothing else: `tenant_id` leads every key, so that any cluster fits.

Three directories are looked up before the tenant is known, `tenant`, `api_key` and
`client_key`; all other keys start with the tenant. The DDL itself is in `migrations/`.
"""

from coupon_core.tables.base import (
    JsonText,
    Table,
    UtcTime,
    UuidText,
    as_json,
    as_stored_time,
    as_time,
    database,
)
from coupon_core.tables.batches import Batch, Chunk
from coupon_core.tables.bus import AcceptedEvent, DeadLetter, EarnedCoupon, Outbox
from coupon_core.tables.campaigns import (
    Campaign,
    CampaignCreator,
    Creator,
    Package,
)
from coupon_core.tables.client_keys import ClientKey
from coupon_core.tables.coupons import Coupon, Redemption, UserUsage
from coupon_core.tables.definitions import Definition, RewardItem, SharedCode
from coupon_core.tables.tenants import ApiKey, Tenant, TenantSecret

__all__ = [
    "ALL",
    "AcceptedEvent",
    "ApiKey",
    "Batch",
    "Campaign",
    "CampaignCreator",
    "Chunk",
    "ClientKey",
    "Coupon",
    "Creator",
    "DeadLetter",
    "Definition",
    "EarnedCoupon",
    "JsonText",
    "Outbox",
    "Package",
    "Redemption",
    "RewardItem",
    "SharedCode",
    "Table",
    "Tenant",
    "TenantSecret",
    "UserUsage",
    "UtcTime",
    "UuidText",
    "as_json",
    "as_stored_time",
    "as_time",
    "database",
]

ALL = (
    Tenant,
    TenantSecret,
    ApiKey,
    ClientKey,
    RewardItem,
    Definition,
    SharedCode,
    Campaign,
    Creator,
    CampaignCreator,
    Package,
    Batch,
    Chunk,
    Coupon,
    Redemption,
    UserUsage,
    Outbox,
    EarnedCoupon,
    AcceptedEvent,
    DeadLetter,
)
"""Every table; what is referred to comes before what refers to it."""
