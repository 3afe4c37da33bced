"""Coupons, and what using them answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from coupons_sdk.documents import Document


@dataclass(frozen=True, kw_only=True)
class RewardItem(Document):
    """What a redemption grants."""

    item_id: str
    name: str
    description: str
    reward_type: str
    payload: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Coupon(Document):
    """A code, assigned to a user or unassigned."""

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


@dataclass(frozen=True, kw_only=True)
class PlayerDefinition(Document):
    """A definition, as players see it."""

    id: str
    tenant_id: str
    name: str
    description: str
    config: Mapping[str, Any]
    status: str


@dataclass(frozen=True, kw_only=True)
class Validation(Document):
    """Whether a code can be redeemed now; `error_code` says why not."""

    valid: bool
    coupon: Coupon | None
    definition: PlayerDefinition | None
    error: str | None
    error_code: str | None


@dataclass(frozen=True, kw_only=True)
class Reservation(Document):
    """A use of a coupon that is held until `expires_at`."""

    reservation_id: str
    coupon: Coupon
    expires_at: datetime
