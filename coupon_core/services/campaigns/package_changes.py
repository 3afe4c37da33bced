"""Apply changes to a package: its own fields, its limits and its reward item."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from coupon_core.domain.entered_times import resolve_times
from coupon_core.domain.models import AdminReason, Definition, LimitBelowUses
from coupon_core.domain.models.packages import LIMIT_FIELDS, PackageWithDefinition
from coupon_core.domain.rules.packages import (
    apply_package_to_definition,
    to_reward_item,
)
from coupon_core.persistence.database import ConcurrentUpdate
from coupon_core.persistence.repositories import campaigns as campaign_repository
from coupon_core.persistence.repositories import coupons as coupon_repository
from coupon_core.persistence.repositories import definitions as definition_repository
from coupon_core.persistence.repositories import packages as package_repository
from coupon_core.persistence.repositories import reward_items as reward_item_repository
from coupon_core.services import audit
from coupon_core.services.catalog import definitions
from coupon_core.services.errors import require_found

LIMIT_MEMBERS = {
    "per_code": "per_code_usage_limit",
    "per_user": "cross_creator_limit",
    "total": "max_total_usage",
}


def has_different_limits(
    limits: Mapping[str, int], defined_package: PackageWithDefinition
) -> bool:
    """Return True if `limits` differ from those of the definition."""
    return any(
        getattr(defined_package.definition, name) != limits[name] for name in limits
    )


def lock_package(
    tenant_id: str, package_id: int, locks_coupons: bool
) -> PackageWithDefinition:
    """Lock and return a package.

    Changing a limit requires `locks_coupons`: it blocks all coupon writes, because the
    uses are compared with the new limit.
    """
    if locks_coupons:
        coupon_repository.lock_coupons_exclusively()
    package = _get(tenant_id, package_id).package
    campaign_repository.lock(tenant_id, package.campaign_id)
    definition_repository.lock(tenant_id, package.definition_id)
    return _get(tenant_id, package_id)


def _get(tenant_id: str, package_id: int) -> PackageWithDefinition:
    return require_found(
        package_repository.get(tenant_id, package_id), AdminReason.PACKAGE_NOT_FOUND
    )


def apply_changes(
    before: PackageWithDefinition,
    limits: Mapping[str, int],
    changes: Mapping[str, Any],
    now: datetime,
) -> PackageWithDefinition:
    """Apply changes to a locked package: its own fields first, then its limits."""
    own_changes = {name: changes[name] for name in changes.keys() - LIMIT_FIELDS}
    after = _change_package_fields(before, own_changes, now) if own_changes else before
    if limits:
        after = replace(after, definition=_change_limits(after.definition, limits, now))
    audit.record(
        after.package.tenant_id,
        "package.changed",
        object_id=str(after.package.package_id),
        before=before.to_members(),
        after=after.to_members(),
        object_name=after.package.name,
    )
    return after


def _change_limits(
    definition: Definition, limits: Mapping[str, int], now: datetime
) -> Definition:
    try:
        return definitions.update_in_transaction(definition, limits, now)
    except LimitBelowUses as error:
        member = LIMIT_MEMBERS.get(error.limit, error.limit)
        raise error.with_member(member) from error


def _change_package_fields(
    before: PackageWithDefinition, changes: Mapping[str, Any], now: datetime
) -> PackageWithDefinition:
    after = _with_changed_fields(before, changes, now)
    package_repository.update(after.package)
    definition_repository.update(after.definition)
    if "rewards" in changes or "item_name" in changes:
        _update_reward(after, now)
    return after


def _with_changed_fields(
    defined_package: PackageWithDefinition, changes: Mapping[str, Any], now: datetime
) -> PackageWithDefinition:
    before = defined_package.package
    campaign = require_found(
        campaign_repository.get(before.tenant_id, before.campaign_id),
        AdminReason.CAMPAIGN_NOT_FOUND,
    )
    instants = resolve_times(changes, campaign.time_zone)
    package = replace(before, **instants, updated_at=now)
    return PackageWithDefinition(
        package,
        apply_package_to_definition(defined_package.definition, package, campaign, now),
    )


def _update_reward(defined_package: PackageWithDefinition, now: datetime) -> None:
    package = defined_package.package
    item_id = defined_package.definition.reward_item_id
    before = reward_item_repository.lock(package.tenant_id, item_id)
    if before is None:
        raise ConcurrentUpdate("the reward item has just been deleted")
    item = to_reward_item(package, item_id, now)
    reward_item_repository.update(replace(item, created_at=before.created_at))
