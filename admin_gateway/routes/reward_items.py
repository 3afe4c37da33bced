"""Routes for reward items (docs/api-contracts.md 1.3)."""

from typing import Any

from flask import Response, g

from admin_gateway import requests
from admin_gateway.responses import core
from admin_gateway.responses.serializers import created_response, page_response
from coupon_core.domain.models import utc_now
from coupon_core.domain.serialization import serialize_reward_item_for_admin
from coupon_core.services.catalog import reward_items
from coupon_core.web.blueprint import JsonBlueprint
from coupon_core.web.openapi.headers import LOCATION
from coupon_core.web.responses import json_response, no_content_response

routes = JsonBlueprint(
    "rewards", __name__, description="Rewards that a redemption grants"
)


@routes.route("", methods=["POST"])
@routes.response(
    201, core.AdminRewardItemSchema, example=core.REWARD_ITEM, headers=LOCATION
)
@routes.arguments(requests.CreateRewardItemSchema, example=core.NEW_REWARD_ITEM)
def create(body: dict[str, Any]) -> Response:
    """Create a reward item."""
    item = reward_items.create(g.principal.tenant_id, body, now=utc_now())
    return created_response(serialize_reward_item_for_admin(item), item.item_id)


@routes.route("")
@routes.response(200, core.RewardItemListSchema, example=core.REWARD_ITEMS)
@routes.arguments(requests.RewardItemQuerySchema, location="query")
def list_all(query: dict[str, Any]) -> Response:
    """List reward items, newest first."""
    rows_and_total = reward_items.list_reward_items(g.principal.tenant_id, **query)
    return page_response(
        "reward_items", rows_and_total, serialize_reward_item_for_admin
    )


@routes.route("/<item_id>")
@routes.response(200, core.AdminRewardItemSchema, example=core.REWARD_ITEM)
def get(item_id: str) -> Response:
    """Return a reward item."""
    return json_response(
        serialize_reward_item_for_admin(
            reward_items.get(g.principal.tenant_id, item_id)
        )
    )


@routes.route("/<item_id>", methods=["PUT"])
@routes.response(200, core.AdminRewardItemSchema, example=core.REWARD_ITEM)
@routes.arguments(requests.CreateRewardItemSchema, example=core.NEW_REWARD_ITEM)
def replace(body: dict[str, Any], item_id: str) -> Response:
    """Replace a reward item. Absent members are reset to their defaults."""
    return _update(item_id, body)


@routes.route("/<item_id>", methods=["PATCH"])
@routes.response(200, core.AdminRewardItemSchema, example=core.REWARD_ITEM)
@routes.arguments(requests.UpdateRewardItemSchema, example={"name": "150 Bonus Points"})
def change(changes: dict[str, Any], item_id: str) -> Response:
    """Change members of a reward item."""
    return _update(item_id, changes)


def _update(item_id: str, changes: dict[str, Any]) -> Response:
    item = reward_items.update(
        g.principal.tenant_id, item_id, changes=changes, now=utc_now()
    )
    return json_response(serialize_reward_item_for_admin(item))


@routes.route("/<item_id>", methods=["DELETE"])
@routes.response(204)
def delete(item_id: str) -> Response:
    """Delete a reward item that no definition uses."""
    reward_items.delete(g.principal.tenant_id, item_id)
    return no_content_response()
