"""Routes for reward items (docs/api-contracts.md 1.3)."""

from typing import Any

from flask import Response, g

from admin_gateway.requests.reward_items import (
    CreateRewardItemSchema,
    RewardItemQuerySchema,
    UpdateRewardItemSchema,
)
from admin_gateway.responses.core import (
    NEW_REWARD_ITEM,
    AdminRewardItemSchema,
    RewardItemListSchema,
)
from admin_gateway.responses.serializers import build_location_header, to_page
from coupon_core.domain.models import RewardItem, utc_now
from coupon_core.schemas.base import Document
from coupon_core.services.catalog import reward_items
from coupon_core.web.blueprint import JsonBlueprint
from coupon_core.web.openapi.headers import LOCATION
from coupon_core.web.responses import no_content_response

routes = JsonBlueprint(
    "rewards", __name__, description="Rewards that a redemption grants"
)


@routes.route("", methods=["POST"])
@routes.response(201, AdminRewardItemSchema, headers=LOCATION)
@routes.arguments(CreateRewardItemSchema, example=NEW_REWARD_ITEM)
def create(body: dict[str, Any]) -> tuple[RewardItem, dict[str, str]]:
    """Create a reward item."""
    item = reward_items.create(g.principal.tenant_id, body, now=utc_now())
    return item, build_location_header(item.item_id)


@routes.route("")
@routes.response(200, RewardItemListSchema)
@routes.arguments(RewardItemQuerySchema, location="query")
def list_all(query: dict[str, Any]) -> Document:
    """List reward items, newest first."""
    return to_page(
        "reward_items", reward_items.list_reward_items(g.principal.tenant_id, **query)
    )


@routes.route("/<item_id>")
@routes.response(200, AdminRewardItemSchema)
def get(item_id: str) -> RewardItem:
    """Return a reward item."""
    return reward_items.get(g.principal.tenant_id, item_id)


@routes.route("/<item_id>", methods=["PUT"])
@routes.response(200, AdminRewardItemSchema)
@routes.arguments(CreateRewardItemSchema, example=NEW_REWARD_ITEM)
def replace(body: dict[str, Any], item_id: str) -> RewardItem:
    """Replace a reward item. Absent members are reset to their defaults."""
    return _update(item_id, body)


@routes.route("/<item_id>", methods=["PATCH"])
@routes.response(200, AdminRewardItemSchema)
@routes.arguments(UpdateRewardItemSchema, example={"name": "150 Bonus Points"})
def change(changes: dict[str, Any], item_id: str) -> RewardItem:
    """Change members of a reward item."""
    return _update(item_id, changes)


def _update(item_id: str, changes: dict[str, Any]) -> RewardItem:
    return reward_items.update(
        g.principal.tenant_id, item_id, changes=changes, now=utc_now()
    )


@routes.route("/<item_id>", methods=["DELETE"])
@routes.response(204)
def delete(item_id: str) -> Response:
    """Delete a reward item that no definition uses."""
    reward_items.delete(g.principal.tenant_id, item_id)
    return no_content_response()
