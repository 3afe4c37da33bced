"""What a package and its campaign make of a definition: pure (CONTRACTS 3.3)."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from coupon_core.domain.models import (
    AdminReason,
    Definition,
    DefinitionStatus,
    Refused,
    RewardItem,
)
from coupon_core.domain.models.campaigns import OVER, Campaign, Texts
from coupon_core.domain.models.packages import Package, RewardLine

LONGEST_NAME = 255
DATES_REVERSED = (
    "ends_at: expected a time after starts_at; a package without its own has those of "
    "its campaign"
)
REWARD_TYPE = "package"


def is_in_use(package: Package, campaign: Campaign) -> bool:
    """Are its codes good? Not of a campaign that is over, nor of a package put away."""
    return package.is_active and campaign.status not in OVER


def in_campaign(
    definition: Definition, package: Package, campaign: Campaign, now: datetime
) -> Definition:
    """The definition of a package as the package and its campaign want it.

    While the package is out of use, the definition is archived. Refused when dates
    contradict.
    """
    is_good = is_in_use(package, campaign)
    numbered = f"{campaign.campaign_id} {package.package_no}"
    wanted = replace(
        definition,
        name=f"{numbered} {plain_text(package.item_name)}"[:LONGEST_NAME],
        description=plain_text(package.item_description),
        status=DefinitionStatus.ACTIVE if is_good else DefinitionStatus.ARCHIVED,
        starts_at=package.starts_at or campaign.starts_at,
        expires_at=package.ends_at or campaign.ends_at,
    )
    starts, ends = wanted.starts_at, wanted.expires_at
    if starts and ends and starts >= ends:
        raise Refused(AdminReason.DATES_REVERSED, DATES_REVERSED)
    return replace(wanted, updated_at=now) if wanted != definition else definition


def plain_text(texts: Texts) -> str:
    """The text where only one language is wanted: English, else the first."""
    return texts.get("en") or next(iter(texts.values()), "")


def reward_item(package: Package, item_id: str, now: datetime) -> RewardItem:
    """The reward item that a package's lines are to Phoenix."""
    lines = [_plain_line(line) for line in package.rewards]
    return RewardItem(
        tenant_id=package.tenant_id,
        item_id=item_id,
        name=plain_text(package.item_name),
        description=plain_text(package.item_description),
        reward_type=REWARD_TYPE,
        payload=lines[0] if len(lines) == 1 else {"items": lines},
        created_at=now,
        updated_at=now,
    )


def _plain_line(line: RewardLine) -> Mapping[str, Any]:
    return {"item_id": line["itemId"], "quantity": line["itemQuantity"]}
