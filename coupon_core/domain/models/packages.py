"""Packages: definitions whose codes creators hand out (PlayCamp)."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from coupon_core.domain.models.campaigns import LocalizedText, select_default_text
from coupon_core.domain.models.coupons import Definition

RewardLine = Mapping[str, Any]
"""`itemId`, `itemQuantity`, and optionally `itemName` (texts) and `itemImageUrl`."""


@dataclass(frozen=True, slots=True)
class Package:
    """A package of a campaign; the effective limits and dates are in its definition."""

    tenant_id: str
    package_id: int
    definition_id: str
    campaign_id: str
    package_no: int  # numbered from 1 in each campaign
    item_name: LocalizedText
    item_description: LocalizedText
    rewards: tuple[RewardLine, ...]  # at least one; the first is the item
    is_active: bool
    starts_at: datetime | None  # None follows the campaign
    ends_at: datetime | None
    created_at: datetime
    updated_at: datetime

    @property
    def name(self) -> str:
        """The name of its item in English, or in the first language."""
        return select_default_text(self.item_name)


LIMIT_FIELDS = frozenset({"per_code_limit", "per_user_limit", "total_limit"})
"""The members of its definition that a package sets by itself."""


@dataclass(frozen=True, slots=True)
class PackageWithDefinition:
    """A package with its definition."""

    package: Package
    definition: Definition

    def to_members(self) -> dict[str, Any]:
        """Return the members of the package and its limits by name."""
        package, limits = self.package, sorted(LIMIT_FIELDS)
        return {
            **{field.name: getattr(package, field.name) for field in fields(package)},
            **{name: getattr(self.definition, name) for name in limits},
        }


@dataclass(frozen=True, slots=True)
class Attribution:
    """The creator and the package that a code is attributed to in reports."""

    creator_key: str = ""  # "" if no creator handed it out
    package: Package | None = None


@dataclass(frozen=True, slots=True)
class CodeUsage:
    """One use of a code by a user, as PlayCamp reports it."""

    redemption_id: int
    user_id: str
    code: str
    used_at: datetime
    package_id: int | None
    campaign_id: str | None
    creator_key: str | None
