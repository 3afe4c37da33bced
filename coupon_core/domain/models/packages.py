"""Packages: definitions whose codes creators hand out, with what they grant."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from coupon_core.domain.models.campaigns import LocalizedText
from coupon_core.domain.models.coupons import Definition

RewardLine = Mapping[str, Any]
"""`itemId` and `itemQuantity`, perhaps `itemName` (texts) and `itemImageUrl`."""


@dataclass(frozen=True, slots=True)
class Package:
    """A package of a campaign; its limits and dates in force are its definition's."""

    tenant_id: str
    package_id: int
    definition_id: str
    campaign_id: str
    package_no: int  # counts the packages of a campaign from 1
    item_name: LocalizedText
    item_description: LocalizedText
    rewards: tuple[RewardLine, ...]  # one at least; the first is the package's item
    is_active: bool
    starts_at: datetime | None  # its own; None follows the campaign
    ends_at: datetime | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class PackageWithDefinition:
    """A package together with the definition that it is."""

    package: Package
    definition: Definition


@dataclass(frozen=True, slots=True)
class Attribution:
    """Whose code it is: what creators and campaigns are told by."""

    creator_key: str = ""  # "" when no creator handed it out
    package: Package | None = None


@dataclass(frozen=True, slots=True)
class CodeUsage:
    """One use of a code by a user, as PlayCamp tells it."""

    redemption_id: int
    user_id: str
    code: str
    used_at: datetime
    package_id: int | None
    campaign_id: str | None
    creator_key: str | None
