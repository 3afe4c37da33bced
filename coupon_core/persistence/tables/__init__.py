"""The tables, and nothing else: `tenant_id` leads every key, so that any cluster fits.

Three directories are looked up before the tenant is known, `tenant`, `api_key` and
`client_key`; all other keys start with the tenant. The DDL itself is in `migrations/`.
"""

from coupon_core.persistence.tables.audit import AuditEntry
from coupon_core.persistence.tables.base import (
    JsonText,
    Table,
    UtcTime,
    UuidText,
    as_json,
    as_stored_time,
    as_time,
    database,
)
from coupon_core.persistence.tables.batches import Batch, Chunk
from coupon_core.persistence.tables.campaigns import (
    Campaign,
    CampaignCreator,
    Creator,
    Package,
)
from coupon_core.persistence.tables.client_keys import ClientKey
from coupon_core.persistence.tables.coupons import Coupon, Redemption, UserUsage
from coupon_core.persistence.tables.definitions import (
    CheckedStem,
    Definition,
    RewardItem,
    SharedCode,
)
from coupon_core.persistence.tables.events import (
    AcceptedEvent,
    DeadLetter,
    EarnedCoupon,
    Outbox,
)
from coupon_core.persistence.tables.idempotency import Idempotency
from coupon_core.persistence.tables.inventory import (
    CodeJob,
    CouponEvent,
    DefinitionSweep,
    ImportRow,
)
from coupon_core.persistence.tables.points import KnownUser, PointEntry, Wallet
from coupon_core.persistence.tables.purchases import (
    Activity,
    MamboCoupon,
    MamboTag,
    Offer,
    Purchase,
)
from coupon_core.persistence.tables.tenants import ApiKey, Tenant, TenantSecret
from coupon_core.persistence.tables.webhooks import (
    Webhook,
    WebhookAttempt,
    WebhookDelivery,
)

__all__ = [
    "ALL",
    "AcceptedEvent",
    "Activity",
    "ApiKey",
    "AuditEntry",
    "Batch",
    "Campaign",
    "CampaignCreator",
    "CheckedStem",
    "Chunk",
    "ClientKey",
    "CodeJob",
    "Coupon",
    "CouponEvent",
    "Creator",
    "DeadLetter",
    "Definition",
    "DefinitionSweep",
    "EarnedCoupon",
    "Idempotency",
    "ImportRow",
    "JsonText",
    "KnownUser",
    "MamboCoupon",
    "MamboTag",
    "Offer",
    "Outbox",
    "Package",
    "PointEntry",
    "Purchase",
    "Redemption",
    "RewardItem",
    "SharedCode",
    "Table",
    "Tenant",
    "TenantSecret",
    "UserUsage",
    "UtcTime",
    "UuidText",
    "Wallet",
    "Webhook",
    "WebhookAttempt",
    "WebhookDelivery",
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
    CheckedStem,
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
    Idempotency,
    KnownUser,
    Wallet,
    PointEntry,
    Offer,
    MamboCoupon,
    MamboTag,
    Purchase,
    Activity,
    CodeJob,
    ImportRow,
    CouponEvent,
    DefinitionSweep,
    AuditEntry,
    Webhook,
    WebhookDelivery,
    WebhookAttempt,
)
"""Every table; what is referred to comes before what refers to it."""
