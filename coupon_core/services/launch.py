"""Create a definition together with what it needs and does not have yet."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from coupon_core.domain.models import Definition
from coupon_core.domain.models.batches import Batch
from coupon_core.persistence.database import transaction
from coupon_core.services import batches
from coupon_core.services.batches import BatchRequest
from coupon_core.services.campaigns import campaigns
from coupon_core.services.catalog import definition_drafts, definitions, reward_items


@dataclass(frozen=True, slots=True)
class Launch:
    """A definition, and the members of what is created with it.

    `reward` and `campaign` are None if the definition names existing ones, or needs no
    campaign. `code_count` is 0 if no codes are generated yet.
    """

    definition: Mapping[str, Any]
    reward: Mapping[str, Any] | None = None
    campaign: Mapping[str, Any] | None = None
    code_count: int = 0


def create(
    tenant_id: str, launch: Launch, now: datetime
) -> tuple[Definition, Batch | None]:
    """Create everything, or nothing; workers generate the codes of a large batch.

    Raises:
        Refused: As by the services that create the parts.
    """
    members, batch = dict(launch.definition), None
    request = BatchRequest(launch.code_count)
    with transaction():
        if launch.reward is not None:
            item = reward_items.create(tenant_id, launch.reward, now)
            members["reward_item_id"] = item.item_id
        if launch.campaign is not None:
            # So that what is wrong with the dates is a fault of the definition.
            definition_drafts.build(tenant_id, members, user_id="", at=None, now=now)
            campaign = campaigns.create(tenant_id, None, launch.campaign, now)
            members["campaign_id"] = campaign.campaign_id
        definition = definitions.create(tenant_id, members, now)
        if request.count:
            batch = batches.request(tenant_id, definition.definition_id, request, now)
    if batch and request.is_small:  # nobody waits for a worker
        batches.generate_chunk((tenant_id, batch.batch_id, 1), now)
    return definition, batch
