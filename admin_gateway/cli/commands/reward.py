"""`couponctl reward`: reward items, which a redemption grants."""

from typing import Any

import rich_click as click

from admin_gateway.cli.options import (
    UUID_PARAM,
    JsonObjectParam,
    body_file_option,
    pagination_options,
    read_body,
    tenant_option,
    to_page,
    without_unset,
)
from admin_gateway.cli.output import json_command
from admin_gateway.requests.reward_items import (
    CreateRewardItemSchema,
    UpdateRewardItemSchema,
)
from admin_gateway.responses.core import serialize_reward_item_for_admin
from coupon_core.domain.models import utc_now
from coupon_core.services.access import tenants
from coupon_core.services.catalog import reward_items

item_argument = click.argument("item_id", type=UUID_PARAM)


def reward_field_options(command: Any) -> Any:
    """Add the options that describe a reward item to a command."""
    for option in (
        click.option(
            "--payload",
            type=JsonObjectParam(),
            help='Data of the reward, for example {"amount": 100}.',
        ),
        click.option(
            "--type", "reward_type", help="Type, for example points, item or badge."
        ),
        click.option("--description", help="Description for people."),
        click.option("--name", help="Name of the reward item."),
        body_file_option,
    ):
        command = option(command)
    return command


@click.group()
def reward() -> None:
    """Reward items: create, list, get, update, delete."""


@reward.command()
@tenant_option
@reward_field_options
@json_command()
def create(tenant_id: str, body_file: Any, **options: Any) -> dict[str, Any]:
    """Create a reward item.

    Example: `couponctl reward create --tenant acme --name "100 points"
    --type points --payload '{"amount": 100}' --json`
    """
    tenants.require(tenant_id)
    fields = CreateRewardItemSchema().load(
        {**read_body(body_file), **without_unset(**options)}
    )
    return serialize_reward_item_for_admin(
        reward_items.create(tenant_id, fields, now=utc_now())
    )


@reward.command("list")
@tenant_option
@click.option("--type", "reward_type", help="Only reward items of this type.")
@pagination_options
@json_command("item_id", "name", "reward_type", "payload", "created_at")
def list_(
    tenant_id: str, reward_type: str | None, limit: int, offset: int
) -> dict[str, Any]:
    """List reward items, newest first.

    Example: `couponctl reward list --tenant acme --type points`
    """
    tenants.require(tenant_id)
    rows, total = reward_items.list_reward_items(
        tenant_id, to_page(limit, offset), reward_type=reward_type
    )
    return {
        "reward_items": [serialize_reward_item_for_admin(row) for row in rows],
        "total": total,
    }


@reward.command()
@tenant_option
@item_argument
@json_command()
def get(tenant_id: str, item_id: str) -> dict[str, Any]:
    """Show a reward item.

    Example: `couponctl reward get --tenant acme 0198c0de-…`
    """
    return serialize_reward_item_for_admin(reward_items.get(tenant_id, item_id))


@reward.command()
@tenant_option
@item_argument
@reward_field_options
@json_command()
def update(
    tenant_id: str, item_id: str, body_file: Any, **options: Any
) -> dict[str, Any]:
    """Change a reward item; omitted options keep their values.

    Example: `couponctl reward update --tenant acme 0198c0de-… --name "200 points"`
    """
    changes = UpdateRewardItemSchema().load(
        {**read_body(body_file), **without_unset(**options)}
    )
    return serialize_reward_item_for_admin(
        reward_items.update(tenant_id, item_id, changes=changes, now=utc_now())
    )


@reward.command()
@tenant_option
@item_argument
@json_command()
def delete(tenant_id: str, item_id: str) -> dict[str, Any]:
    """Delete a reward item that no definition uses.

    Example: `couponctl reward delete --tenant acme 0198c0de-…`
    """
    reward_items.delete(tenant_id, item_id)
    return {"deleted": item_id}
