"""Create, read and change packages (`docs/api-contracts.md` 3.3).

A package is a claimable definition whose codes are distributed by creators.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

from coupon_core.domain import codes
from coupon_core.domain.entered_times import resolve_times
from coupon_core.domain.models import (
    AdminReason,
    CodeFormat,
    Definition,
    Page,
    Refused,
    RewardItem,
)
from coupon_core.domain.models.campaigns import Campaign
from coupon_core.domain.models.packages import (
    LIMIT_FIELDS,
    Attribution,
    CodeUsage,
    Package,
    PackageWithDefinition,
)
from coupon_core.domain.rules.packages import (
    apply_package_to_definition,
    to_reward_item,
)
from coupon_core.persistence.database import transaction
from coupon_core.persistence.id_generation import generate_id, generate_integer_id
from coupon_core.persistence.repositories import campaigns as campaign_repository
from coupon_core.persistence.repositories import definitions as definition_repository
from coupon_core.persistence.repositories import packages as package_repository
from coupon_core.persistence.repositories import reward_items as reward_item_repository
from coupon_core.services import audit
from coupon_core.services.campaigns.package_changes import (
    apply_changes,
    has_different_limits,
    lock_package,
)
from coupon_core.services.catalog import definitions
from coupon_core.services.errors import require_found

NAME_TAKEN_DETAIL = "item_name: a definition with the resulting name exists already"
DEFAULTS: Mapping[str, Any] = {
    "item_description": {},
    "is_active": True,
    "starts_at": None,
    "ends_at": None,
    "per_code_limit": 1,
    "per_user_limit": 0,
    "total_limit": 0,
}


def create(
    tenant_id: str, campaign_id: str, fields: Mapping[str, Any], now: datetime
) -> PackageWithDefinition:
    """Create a package from members of `Package` and the three limits.

    Also creates its definition, and a reward item from its reward lines.

    Raises:
        Refused: The campaign does not exist, or a definition already has the name.
    """
    members = {**DEFAULTS, **fields}
    limits = {name: members.pop(name) for name in LIMIT_FIELDS}
    with transaction(), _refuse_taken_names():
        campaign = require_found(
            campaign_repository.lock(tenant_id, campaign_id),
            AdminReason.CAMPAIGN_NOT_FOUND,
        )
        package = Package(
            tenant_id=tenant_id,
            package_id=generate_integer_id(now),
            definition_id=generate_id(),
            campaign_id=campaign_id,
            package_no=package_repository.get_next_number(tenant_id, campaign_id),
            created_at=now,
            updated_at=now,
            **resolve_times(members, campaign.time_zone),
        )
        item = to_reward_item(package, generate_id(), now)
        defined_package = PackageWithDefinition(
            package,
            _build_definition(package, campaign, item=item, limits=limits, now=now),
        )
        _insert(defined_package, item)
    return defined_package


def _insert(defined_package: PackageWithDefinition, item: RewardItem) -> None:
    package = defined_package.package
    reward_item_repository.insert(item)
    definition_repository.insert(defined_package.definition)
    package_repository.insert(package)
    audit.record(
        package.tenant_id,
        "package.created",
        str(package.package_id),
        after=defined_package.to_members(),
        object_name=package.name,
    )


def _build_definition(
    package: Package,
    campaign: Campaign,
    item: RewardItem,
    limits: Mapping[str, int],
    now: datetime,
) -> Definition:
    definition_fields = {
        "name": package.definition_id,
        "reward_item_id": item.item_id,
        "code_format": CodeFormat.SHARED,
        "claimable": True,
        **limits,
    }
    draft = definitions.build_definition(package.tenant_id, definition_fields, now)
    draft_with_id = replace(draft, definition_id=package.definition_id)
    return apply_package_to_definition(draft_with_id, package, campaign, now)


def update(
    tenant_id: str, package_id: int, changes: Mapping[str, Any], now: datetime
) -> PackageWithDefinition:
    """Change members of a package or its limits.

    Blocks all coupon writes only if a limit changes. If that becomes apparent only
    under the locks of the package, the update starts again.

    Raises:
        Refused: The package does not exist, the name is taken, or a limit would be
            below the number of uses.
    """
    limits = {name: changes[name] for name in changes.keys() & LIMIT_FIELDS}
    for locks_coupons in (
        has_different_limits(limits, get(tenant_id, package_id)),
        True,
    ):
        with transaction(), _refuse_taken_names():
            before = lock_package(tenant_id, package_id, locks_coupons)
            if locks_coupons or not has_different_limits(limits, before):
                return apply_changes(before, limits, changes, now)
    raise AssertionError("unreachable: coupons were held still")


def sync_with_campaign(campaign: Campaign, is_reopened: bool, now: datetime) -> None:
    """Apply the dates of a locked campaign to its packages.

    The previous release archived the definitions of a campaign that ended; reopening it
    activates them.
    """
    for defined_package in package_repository.list_by_campaign(
        campaign.tenant_id, campaign.campaign_id
    ):
        locked_definition = (
            definition_repository.lock(
                campaign.tenant_id, defined_package.package.definition_id
            )
            or defined_package.definition
        )
        after = apply_package_to_definition(
            locked_definition, defined_package.package, campaign, now
        )
        if not is_reopened:
            after = replace(after, status=locked_definition.status)
        if after != locked_definition:
            definition_repository.update(after)


def get(tenant_id: str, package_id: int) -> PackageWithDefinition:
    """Return a package; refuse if it does not exist."""
    return require_found(
        package_repository.get(tenant_id, package_id), AdminReason.PACKAGE_NOT_FOUND
    )


def list_packages(
    tenant_id: str, page: Page, campaign_id: str | None = None
) -> tuple[list[PackageWithDefinition], int]:
    """Return a page of a tenant's packages, newest first, and the total count."""
    return package_repository.list_packages(tenant_id, page, campaign_id)


def list_by_campaign(
    tenant_id: str, campaign_id: str
) -> Sequence[PackageWithDefinition]:
    """Return the packages of a campaign by number; refuse if it does not exist."""
    require_found(
        campaign_repository.get(tenant_id, campaign_id),
        AdminReason.CAMPAIGN_NOT_FOUND,
    )
    return package_repository.list_by_campaign(tenant_id, campaign_id)


def get_attribution(tenant_id: str, code: str) -> Attribution:
    """Return the creator and the package of a code; empty for other codes."""
    normalized_code = codes.normalize_code(code)
    return (
        package_repository.find_attribution(tenant_id, normalized_code)
        if normalized_code
        else Attribution()
    )


def list_code_usages(
    tenant_id: str, user_id: str, page: Page
) -> tuple[list[CodeUsage], int]:
    """Return a page of a user's code usages, newest first, and the total count."""
    return package_repository.list_code_usages(tenant_id, user_id, page)


@contextmanager
def _refuse_taken_names() -> Iterator[None]:
    try:
        yield
    except definition_repository.NameTaken as error:
        raise Refused(AdminReason.NAME_TAKEN, NAME_TAKEN_DETAIL) from error
