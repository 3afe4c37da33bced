"""Copy a campaign with its packages and definitions, for the next occasion."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from coupon_core.domain.models import CodeFormat, Definition, Page
from coupon_core.domain.models.campaigns import Campaign
from coupon_core.domain.models.packages import LIMIT_FIELDS, PackageWithDefinition
from coupon_core.persistence.database import transaction
from coupon_core.services.campaigns import campaigns, packages
from coupon_core.services.catalog import definitions

MAX_COPIED_DEFINITIONS, MAX_READ_DEFINITIONS = 200, 1_000
MAX_COPIED_NAME_LENGTH = 120  # two of them are a name
# Times are those of the new campaign.
DEFINITION_FIELDS = {"name", "reward_item_id", *definitions.DEFAULTS} - {
    *("starts_at", "expires_at", "campaign_id")
}
PACKAGE_FIELDS = ("item_name", "item_description", "rewards", "is_active")


@dataclass(frozen=True, slots=True)
class CampaignCopy:
    """A new campaign, and which definitions of the old one it has no copy of."""

    campaign: Campaign
    copied_count: int
    left_out: Sequence[Definition]


def copy(
    tenant_id: str,
    source_id: str,
    campaign_id: str | None,
    fields: Mapping[str, Any],
    *,
    now: datetime,
) -> CampaignCopy:
    """Create a campaign with copies of the packages and definitions of another.

    `fields` are those of the new campaign. Definitions with a code or a prefix that no
    other may have, those that events award, and those after the first
    `MAX_COPIED_DEFINITIONS` are left out.

    Raises:
        Refused: The source does not exist, or as `campaigns.create`, `packages.create`
            and `definitions.create`.
    """
    with transaction():
        source = campaigns.get(tenant_id, source_id)
        created = campaigns.create(
            tenant_id, campaign_id, {**get_settings(source), **fields}, now
        )
        package_copies = packages.list_by_campaign(tenant_id, source_id)
        for each in package_copies:
            packages.create(
                tenant_id, created.campaign_id, _list_package_fields(each), now
            )
        others = _list_others(tenant_id, source_id, package_copies)
        copied = list(filter(_can_be_copied, others))[:MAX_COPIED_DEFINITIONS]
        for one in copied:
            definitions.create(tenant_id, _list_definition_fields(one, created), now)
    return CampaignCopy(
        created,
        len(package_copies) + len(copied),
        [one for one in others if one not in copied],
    )


def _list_others(
    tenant_id: str, campaign_id: str, of_packages: Sequence[PackageWithDefinition]
) -> list[Definition]:
    """Return the definitions of a campaign that belong to no package, oldest first."""
    packaged = {each.definition.definition_id for each in of_packages}
    found, _total = definitions.list_definitions(
        tenant_id, Page(limit=MAX_READ_DEFINITIONS), campaign_id=campaign_id
    )
    return [one for one in reversed(found) if one.definition_id not in packaged]


def get_settings(source: Campaign) -> dict[str, Any]:
    """Return the members that a copy of a campaign takes over."""
    return {"description": source.description, "metadata": source.metadata}


def _can_be_copied(definition: Definition) -> bool:
    is_random = definition.code_format == CodeFormat.RANDOM
    is_awarded = definition.trigger_kind is not None
    return is_random and not definition.code_check and not is_awarded


def _list_definition_fields(one: Definition, campaign: Campaign) -> dict[str, Any]:
    names = (
        each[:MAX_COPIED_NAME_LENGTH].strip() for each in (one.name, campaign.name)
    )
    return {
        **{name: getattr(one, name) for name in DEFINITION_FIELDS},
        "name": "{} ({})".format(*names),
        "campaign_id": campaign.campaign_id,
    }


def _list_package_fields(each: PackageWithDefinition) -> dict[str, Any]:
    return {
        **{name: getattr(each.package, name) for name in PACKAGE_FIELDS},
        **{name: getattr(each.definition, name) for name in LIMIT_FIELDS},
    }
