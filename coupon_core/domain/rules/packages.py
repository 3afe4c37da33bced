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
from coupon_core.domain.models.campaigns import ENDED_STATUSES, Campaign, LocalizedText
from coupon_core.domain.models.packages import Package
from coupon_core.domain.names import MAX_NAME_LENGTH, clean_name
from coupon_core.domain.rules.reward_lines import to_payload

DATES_REVERSED_DETAIL = (
    "ends_at: expected a time after starts_at; a package without dates of its own uses "
    "those of its campaign"
)
REWARD_TYPE = "package"


def is_in_use(package: Package, campaign: Campaign) -> bool:
    """Return True if the package is active and its campaign has not ended."""
    return package.is_active and campaign.status not in ENDED_STATUSES


def apply_package_to_definition(
    definition: Definition, package: Package, campaign: Campaign, now: datetime
) -> Definition:
    """Return the definition of a package with the package's and the campaign's data.

    While the package is not in use, the definition is archived.

    Raises:
        Refused: The dates of the package and the campaign contradict each other.
    """
    is_redeemable = is_in_use(package, campaign)
    name_prefix = f"{campaign.campaign_id} {package.package_no}"
    updated = replace(
        definition,
        name=clean_name(
            f"{name_prefix} {select_default_text(package.item_name)}"[:MAX_NAME_LENGTH]
        ),
        description=select_default_text(package.item_description),
        status=DefinitionStatus.ACTIVE if is_redeemable else DefinitionStatus.ARCHIVED,
        starts_at=package.starts_at or campaign.starts_at,
        expires_at=package.ends_at or campaign.ends_at,
    )
    starts_at, expires_at = updated.starts_at, updated.expires_at
    if starts_at and expires_at and starts_at >= expires_at:
        raise Refused(AdminReason.DATES_REVERSED, DATES_REVERSED_DETAIL)
    return replace(updated, updated_at=now) if updated != definition else definition


def select_default_text(texts: LocalizedText) -> str:
    """Return the English text, or the first one if there is none."""
    return texts.get("en") or next(iter(texts.values()), "")


def to_reward_item(package: Package, item_id: str, now: datetime) -> RewardItem:
    """Return the Phoenix reward item for a package's reward lines."""
    payloads = [to_payload(line) for line in package.rewards]
    return RewardItem(
        tenant_id=package.tenant_id,
        item_id=item_id,
        name=select_default_text(package.item_name),
        description=select_default_text(package.item_description),
        reward_type=REWARD_TYPE,
        payload=payloads[0] if len(payloads) == 1 else {"items": payloads},
        created_at=now,
        updated_at=now,
    )
