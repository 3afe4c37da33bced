"""Derive the definition and the reward item of a package (PlayCamp).

See docs/api-contracts.md 3.3.
"""

from dataclasses import replace
from datetime import datetime

from coupon_core.domain.models import (
    AdminReason,
    Definition,
    DefinitionStatus,
    Refused,
    RewardItem,
)
from coupon_core.domain.models.campaigns import Campaign, select_default_text
from coupon_core.domain.models.packages import Package
from coupon_core.domain.names import MAX_NAME_LENGTH, clean_name
from coupon_core.domain.rules.reward_lines import to_payload

DATES_REVERSED_DETAIL = "ends_at: expected a time after starts_at"
PACKAGE_DATES_REVERSED_DETAIL = (
    f"{DATES_REVERSED_DETAIL}; a package without dates of its own uses those of its "
    "campaign"
)
REWARD_TYPE = "package"


def apply_package_to_definition(
    definition: Definition, package: Package, campaign: Campaign, now: datetime
) -> Definition:
    """Return the definition of a package with the package's and the campaign's data.

    While the package is not active, the definition is archived. The end of the campaign
    is not part of it: it is read from the campaign (`Definition.is_campaign_ended`).

    Raises:
        Refused: The dates of the package and the campaign contradict each other.
    """
    name_prefix = f"{campaign.campaign_id} {package.package_no}"
    updated = replace(
        definition,
        name=clean_name(
            f"{name_prefix} {select_default_text(package.item_name)}"[:MAX_NAME_LENGTH]
        ),
        description=select_default_text(package.item_description),
        status=_get_status(definition, package),
        campaign_id=campaign.campaign_id,
        **campaign.get_definition_state(),
        starts_at=package.starts_at or campaign.starts_at,
        expires_at=package.ends_at or campaign.ends_at,
    )
    starts_at, expires_at = updated.starts_at, updated.expires_at
    if starts_at and expires_at and starts_at >= expires_at:
        raise Refused(AdminReason.DATES_REVERSED, PACKAGE_DATES_REVERSED_DETAIL)
    return replace(updated, updated_at=now) if updated != definition else definition


def _get_status(definition: Definition, package: Package) -> DefinitionStatus:
    if not package.is_active:
        return DefinitionStatus.ARCHIVED
    is_paused = definition.status == DefinitionStatus.PAUSED
    return DefinitionStatus.PAUSED if is_paused else DefinitionStatus.ACTIVE


def to_reward_item(package: Package, item_id: str, now: datetime) -> RewardItem:
    """Return the Phoenix reward item for a package's reward lines."""
    payloads = [to_payload(line) for line in package.rewards]
    return RewardItem(
        tenant_id=package.tenant_id,
        item_id=item_id,
        name=package.name,
        description=select_default_text(package.item_description),
        reward_type=REWARD_TYPE,
        payload=payloads[0] if len(payloads) == 1 else {"items": payloads},
        created_at=now,
        updated_at=now,
    )
