"""The values of the domain: frozen dataclasses, one module per noun.

The most frequently used ones are re-exported here; import the others from their module.
"""

from coupon_core.domain.clock import utc_now
from coupon_core.domain.enums import (
    MILESTONE_TYPES,
    NO_LIMIT,
    UNASSIGNED,
    CodeAlphabet,
    CodeFormat,
    CouponStatus,
    DefinitionStatus,
    Dialect,
    Scope,
    Trigger,
    UsagePeriod,
)
from coupon_core.domain.models.coupon_counts import CouponUsage, DefinitionStats
from coupon_core.domain.models.coupons import (
    NO_USAGE,
    Coupon,
    Decision,
    Definition,
    IssuedCoupon,
    Page,
    Redemption,
    RedemptionRecord,
    RedemptionResult,
    RewardItem,
    SharedCode,
    UserUsage,
    Validation,
)
from coupon_core.domain.models.credentials import ApiKey, Principal, TenantSecret
from coupon_core.domain.models.events import (
    DeadLetter,
    Event,
    Milestone,
    MilestoneOutcome,
)
from coupon_core.domain.refusals import (
    AdminReason,
    AnyReason,
    AuthReason,
    ImpossibleCode,
    LimitBelowUses,
    PurchaseReason,
    Reason,
    Refused,
    ReservationReason,
)

__all__ = [
    "MILESTONE_TYPES",
    "NO_LIMIT",
    "NO_USAGE",
    "UNASSIGNED",
    "AdminReason",
    "AnyReason",
    "ApiKey",
    "AuthReason",
    "CodeAlphabet",
    "CodeFormat",
    "Coupon",
    "CouponStatus",
    "CouponUsage",
    "DeadLetter",
    "Decision",
    "Definition",
    "DefinitionStats",
    "DefinitionStatus",
    "Dialect",
    "Event",
    "ImpossibleCode",
    "IssuedCoupon",
    "LimitBelowUses",
    "Milestone",
    "MilestoneOutcome",
    "Page",
    "Principal",
    "PurchaseReason",
    "Reason",
    "Redemption",
    "RedemptionRecord",
    "RedemptionResult",
    "Refused",
    "ReservationReason",
    "RewardItem",
    "Scope",
    "SharedCode",
    "TenantSecret",
    "Trigger",
    "UsagePeriod",
    "UserUsage",
    "Validation",
    "utc_now",
]
