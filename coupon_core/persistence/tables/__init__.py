"""The tables; every key starts with `tenant_id`, as a sharded cluster requires.

The exceptions are `tenant`, `api_key` and `client_key`, which are looked up before the
tenant is known, and the operators with their sessions and one-time links, who can work
for several tenants. The DDL is in `migrations/`.
"""

from coupon_core.persistence.tables.attempts import (
    AttemptTable,
    RefusalCountTable,
    SignalTable,
)
from coupon_core.persistence.tables.audit import AuditEntryTable
from coupon_core.persistence.tables.base import (
    BaseTable,
    JsonTextField,
    UtcTimestampField,
    UuidTextField,
    database_proxy,
    parse_json,
    to_datetime,
    to_json_text,
)
from coupon_core.persistence.tables.batches import BatchTable, ChunkTable
from coupon_core.persistence.tables.campaigns import (
    CampaignCreatorTable,
    CampaignTable,
    CreatorTable,
    PackageTable,
)
from coupon_core.persistence.tables.client_keys import ClientKeyTable
from coupon_core.persistence.tables.coupons import (
    CouponTable,
    RedemptionTable,
    UserPeriodUsageTable,
    UserUsageTable,
)
from coupon_core.persistence.tables.definitions import (
    CheckedStemTable,
    DefinitionNoticeTable,
    DefinitionTable,
    RewardItemTable,
    SharedCodeTable,
    UsageSlotTable,
)
from coupon_core.persistence.tables.events import (
    AcceptedEventTable,
    DeadLetterTable,
    EarnedCouponTable,
    OutboxTable,
)
from coupon_core.persistence.tables.idempotency import IdempotencyTable
from coupon_core.persistence.tables.inventory import (
    CodeJobTable,
    CouponEventTable,
    DefinitionSweepTable,
    ImportRowTable,
)
from coupon_core.persistence.tables.operators import (
    OperatorInvitationTable,
    OperatorMembershipTable,
    OperatorSessionTable,
    OperatorTable,
)
from coupon_core.persistence.tables.points import (
    KnownUserTable,
    PointEntryTable,
    WalletTable,
)
from coupon_core.persistence.tables.privacy import (
    ErasedUserTable,
    TenantDeletionTable,
    TenantKeyTable,
)
from coupon_core.persistence.tables.purchases import (
    ActivityTable,
    ActivityTagTable,
    MamboCouponTable,
    MamboTagTable,
    OfferTable,
    PurchaseTable,
)
from coupon_core.persistence.tables.reports import (
    ReportBackfillTable,
    ReportDayTable,
    ReportQuarterTable,
)
from coupon_core.persistence.tables.reservations import ReservationTable
from coupon_core.persistence.tables.tenants import (
    ApiKeyTable,
    TenantSecretTable,
    TenantTable,
)
from coupon_core.persistence.tables.webhooks import (
    WebhookAttemptTable,
    WebhookDeliveryTable,
    WebhookTable,
)

__all__ = [
    "ALL_TABLES",
    "AcceptedEventTable",
    "ActivityTable",
    "ActivityTagTable",
    "ApiKeyTable",
    "AttemptTable",
    "AuditEntryTable",
    "BaseTable",
    "BatchTable",
    "CampaignCreatorTable",
    "CampaignTable",
    "CheckedStemTable",
    "ChunkTable",
    "ClientKeyTable",
    "CodeJobTable",
    "CouponEventTable",
    "CouponTable",
    "CreatorTable",
    "DeadLetterTable",
    "DefinitionNoticeTable",
    "DefinitionSweepTable",
    "DefinitionTable",
    "EarnedCouponTable",
    "ErasedUserTable",
    "IdempotencyTable",
    "ImportRowTable",
    "JsonTextField",
    "KnownUserTable",
    "MamboCouponTable",
    "MamboTagTable",
    "OfferTable",
    "OperatorInvitationTable",
    "OperatorMembershipTable",
    "OperatorSessionTable",
    "OperatorTable",
    "OutboxTable",
    "PackageTable",
    "PointEntryTable",
    "PurchaseTable",
    "RedemptionTable",
    "RefusalCountTable",
    "ReportBackfillTable",
    "ReportDayTable",
    "ReportQuarterTable",
    "ReservationTable",
    "RewardItemTable",
    "SharedCodeTable",
    "SignalTable",
    "TenantDeletionTable",
    "TenantKeyTable",
    "TenantSecretTable",
    "TenantTable",
    "UsageSlotTable",
    "UserPeriodUsageTable",
    "UserUsageTable",
    "UtcTimestampField",
    "UuidTextField",
    "WalletTable",
    "WebhookAttemptTable",
    "WebhookDeliveryTable",
    "WebhookTable",
    "database_proxy",
    "parse_json",
    "to_datetime",
    "to_json_text",
]

ALL_TABLES = (
    TenantTable,
    TenantSecretTable,
    ApiKeyTable,
    ClientKeyTable,
    RewardItemTable,
    DefinitionTable,
    SharedCodeTable,
    CheckedStemTable,
    CampaignTable,
    CreatorTable,
    CampaignCreatorTable,
    PackageTable,
    BatchTable,
    ChunkTable,
    CouponTable,
    RedemptionTable,
    UserUsageTable,
    UserPeriodUsageTable,
    UsageSlotTable,
    ReservationTable,
    OutboxTable,
    EarnedCouponTable,
    AcceptedEventTable,
    DeadLetterTable,
    IdempotencyTable,
    KnownUserTable,
    WalletTable,
    PointEntryTable,
    OfferTable,
    MamboCouponTable,
    MamboTagTable,
    PurchaseTable,
    ActivityTable,
    ActivityTagTable,
    CodeJobTable,
    ImportRowTable,
    CouponEventTable,
    DefinitionSweepTable,
    DefinitionNoticeTable,
    RefusalCountTable,
    AttemptTable,
    SignalTable,
    AuditEntryTable,
    WebhookTable,
    WebhookDeliveryTable,
    WebhookAttemptTable,
    TenantKeyTable,
    ErasedUserTable,
    TenantDeletionTable,
    ReportQuarterTable,
    ReportDayTable,
    ReportBackfillTable,
    OperatorTable,
    OperatorSessionTable,
    OperatorInvitationTable,
    OperatorMembershipTable,
)
"""Every table; a referenced table comes before the tables that refer to it."""
