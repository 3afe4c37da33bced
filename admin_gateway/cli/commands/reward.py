"""`couponctl reward`: reward items, which a redemption grants."""

from typing import Any

import rich_click as click

from admin_gateway.cli.options import (
    UUID_PARAM,
    JsonObjectParam,
    body_file_option,
    build_body,
    combine_options,
    metadata_option,
)
from admin_gateway.cli.output import Rows, list_command, tenant_command
from admin_gateway.requests.reward_items import (
    CreateRewardItemSchema,
    UpdateRewardItemSchema,
)
from admin_gateway.responses.core import serialize_reward_item_for_admin
from coupon_core.domain.models import Page, utc_now
from coupon_core.services.access import tenants
from coupon_core.services.catalog import reward_items

item_argument = click.argument("item_id", type=UUID_PARAM)


# The options that describe a reward item.
reward_field_options = combine_options(
    body_file_option,
    click.option("--name", help="Name of the reward item."),
    click.option("--description", help="Description for people."),
    click.option(
        "--type", "reward_type", help="Type, for example points, item or badge."
    ),
    click.option(
        "--payload",
        type=JsonObjectParam(),
        help='Data of the reward, for example {"amount": 100}.',
    ),
    metadata_option,
)


@click.group()
def reward() -> None:
    """Reward items: create, list, get, update, delete."""


@tenant_command(reward, reward_field_options)
def create(tenant_id: str, body_file: Any, **options: Any) -> dict[str, Any]:
    """Create a reward item.

    Example: `couponctl reward create --tenant acme --name "100 points"
    --type points --payload '{"amount": 100}' --json`
    """
    tenants.require(tenant_id)
    fields = CreateRewardItemSchema().load(build_body(body_file, **options))
    return serialize_reward_item_for_admin(
        reward_items.create(tenant_id, fields, now=utc_now())
    )


@list_command(
    reward,
    "reward_items",
    click.option("--type", "reward_type", help="Only reward items of this type."),
    serialize=serialize_reward_item_for_admin,
    columns=("item_id", "name", "reward_type", "payload", "created_at"),
)
def list_(tenant_id: str, reward_type: str | None, page: Page) -> Rows:
    """List reward items, newest first.

    Example: `couponctl reward list --tenant acme --type points`
    """
    return reward_items.list_reward_items(tenant_id, page, reward_type=reward_type)


@tenant_command(reward, item_argument)
def get(tenant_id: str, item_id: str) -> dict[str, Any]:
    """Show a reward item.

    Example: `couponctl reward get --tenant acme 0198c0de-…`
    """
    return serialize_reward_item_for_admin(reward_items.get(tenant_id, item_id))


@tenant_command(reward, item_argument, reward_field_options)
def update(
    tenant_id: str, item_id: str, body_file: Any, **options: Any
) -> dict[str, Any]:
    """Change a reward item; omitted options keep their values.

    Example: `couponctl reward update --tenant acme 0198c0de-… --name "200 points"`
    """
    changes = UpdateRewardItemSchema().load(build_body(body_file, **options))
    return serialize_reward_item_for_admin(
        reward_items.update(tenant_id, item_id, changes=changes, now=utc_now())
    )


@tenant_command(reward, item_argument)
def delete(tenant_id: str, item_id: str) -> dict[str, Any]:
    """Delete a reward item that no definition uses.

    Example: `couponctl reward delete --tenant acme 0198c0de-…`
    """
    reward_items.delete(tenant_id, item_id)
    return {"deleted": item_id}
