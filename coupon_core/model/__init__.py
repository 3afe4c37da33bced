"""The values of the domain: frozen, without behaviour beyond what they are.

A file a noun. What most of the core speaks of is found here; the rest by its own file.
"""

from coupon_core.model.bus import DeadLetter, Event, Milestone
from coupon_core.model.callers import ApiKey, Principal, TenantSecret
from coupon_core.model.clock import utc_now
from coupon_core.model.coupons import (
    Coupon,
    CouponUses,
    Decision,
    Definition,
    DefinitionStats,
    IssuedCoupon,
    Page,
    Redeemed,
    Redemption,
    RewardItem,
    SharedCode,
    Validation,
)
from coupon_core.model.reasons import (
    AdminReason,
    AnyReason,
    AuthReason,
    PurchaseReason,
    Reason,
    Refused,
)
from coupon_core.model.words import (
    MILESTONE_TYPES,
    NO_LIMIT,
    NOBODY,
    CodeAlphabet,
    CodeFormat,
    CouponStatus,
    DefinitionStatus,
    Dialect,
    Scope,
    Trigger,
)

__all__ = [
    "MILESTONE_TYPES",
    "NOBODY",
    "NO_LIMIT",
    "AdminReason",
    "AnyReason",
    "ApiKey",
    "AuthReason",
    "CodeAlphabet",
    "CodeFormat",
    "Coupon",
    "CouponStatus",
    "CouponUses",
    "DeadLetter",
    "Decision",
    "Definition",
    "DefinitionStats",
    "DefinitionStatus",
    "Dialect",
    "Event",
    "IssuedCoupon",
    "Milestone",
    "Page",
    "Principal",
    "PurchaseReason",
    "Reason",
    "Redeemed",
    "Redemption",
    "Refused",
    "RewardItem",
    "Scope",
    "SharedCode",
    "TenantSecret",
    "Trigger",
    "Validation",
    "utc_now",
]
