"""Generated codes, batches and jobs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from coupons_sdk.documents import Document
from coupons_sdk.models.coupons import Coupon, RewardItem


@dataclass(frozen=True, kw_only=True)
class GeneratedCoupons(Document):
    """Coupons that were generated at once."""

    coupons: tuple[Coupon, ...]
    total: int
    generated: int


@dataclass(frozen=True, kw_only=True)
class Batch(Document):
    """A generation in the background."""

    batch_id: str
    tenant_id: str
    definition_id: str
    kind: str
    state: str
    requested: int
    generated: int
    rate_per_second: float | None
    eta_seconds: float | None
    error: str | None
    expires_at: datetime | None
    created_at: datetime
    started_at: datetime | None
    updated_at: datetime
    finished_at: datetime | None
    metadata: Mapping[str, str | float | bool]
    suspended_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class CouponWithBatch(Document):
    """A coupon with its batch and metadata."""

    id: str
    definition_id: str
    definition_name: str
    tenant_id: str
    user_id: str | None
    code: str
    status: str
    generated_at: datetime
    expires_at: datetime | None
    redeemed_at: datetime | None
    redemption_count: int
    coupon_type: str
    reward_item: RewardItem
    batch_id: str | None
    metadata: Mapping[str, str | float | bool]


@dataclass(frozen=True, kw_only=True)
class TimelineEntry(Document):
    """What happened to a coupon."""

    at: datetime
    event: str
    by: str | None
    batch_id: str | None = None
    user_id: str | None = None
    use_number: int | None = None
    dialect: str | None = None
    redemption_id: int | None = None
    reservation_id: str | None = None
    expires_at: datetime | None = None
    new_coupon_id: str | None = None
    reason: str | None = None
    old_coupon_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class CouponWithTimeline(Document):
    """A coupon with what happened to it; `state` says whether it can be redeemed."""

    id: str
    definition_id: str
    definition_name: str
    tenant_id: str
    user_id: str | None
    code: str
    status: str
    generated_at: datetime
    expires_at: datetime | None
    redeemed_at: datetime | None
    redemption_count: int
    coupon_type: str
    reward_item: RewardItem
    batch_id: str | None
    metadata: Mapping[str, str | float | bool]
    timeline: tuple[TimelineEntry, ...]
    effective_status: str
    state: str
    campaign_id: str | None
    creator_key: str | None


@dataclass(frozen=True, kw_only=True)
class CodeJob(Document):
    """A change of many codes."""

    job_id: str
    kind: str
    state: str
    definition_id: str | None
    batch_id: str | None
    user_id: str | None
    expires_at: datetime | None
    by: str | None
    total: int | None
    done: int
    skipped: int
    skipped_reasons: Mapping[str, int]
    created_at: datetime
    updated_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class RejectedRow(Document):
    """A line of a CSV file that was not imported."""

    line: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class CodeImport(Document):
    """An import of codes."""

    job_id: str
    kind: str
    state: str
    definition_id: str | None
    batch_id: str | None
    user_id: str | None
    expires_at: datetime | None
    by: str | None
    total: int | None
    done: int
    skipped: int
    skipped_reasons: Mapping[str, int]
    created_at: datetime
    updated_at: datetime
    finished_at: datetime | None
    rejected: int
    bad_rows: tuple[RejectedRow, ...]


@dataclass(frozen=True, kw_only=True)
class CodeChange(Document):
    """A change of many codes, or what it would change."""

    job_id: str | None
    kind: str
    state: str
    definition_id: str | None
    batch_id: str | None
    user_id: str | None
    expires_at: datetime | None
    by: str | None
    total: int | None
    done: int
    skipped: int
    skipped_reasons: Mapping[str, int]
    created_at: datetime
    updated_at: datetime
    finished_at: datetime | None
    dry_run: bool


@dataclass(frozen=True, kw_only=True)
class ExpiryJob(CodeChange):
    """A change of the expiry of many codes, or what it would change."""
