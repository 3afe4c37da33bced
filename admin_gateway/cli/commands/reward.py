"""`couponctl reward`: reward items, which a redemption grants."""

from typing import TYPE_CHECKING, Any

import rich_click as click

from admin_gateway.cli.api_commands import REWARD, api_command, page_options
from admin_gateway.cli.options import (
    JsonObjectParam,
    body_file_option,
    build_body,
    combine_options,
    metadata_option,
)

if TYPE_CHECKING:
    from coupons_sdk import CouponsAdmin

item_argument = click.argument("item_id", type=REWARD)


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


@api_command(reward, reward_field_options)
def create(admin: "CouponsAdmin", body_file: Any, **options: Any) -> Any:
    """Create a reward item.

    Example: `couponctl reward create --tenant acme --name "100 points"
    --type points --payload '{"amount": 100}' --json`
    """
    return admin.call("POST", "rewards", body=build_body(body_file, **options))


@api_command(
    reward,
    click.option("--type", "reward_type", help="Only reward items of this type."),
    page_options,
    name="list",
    columns=("item_id", "name", "reward_type", "payload", "created_at"),
)
def list_(admin: "CouponsAdmin", **query: Any) -> Any:
    """List reward items, newest first.

    Example: `couponctl reward list --tenant acme --type points`
    """
    return admin.call("GET", "rewards", query=query)


@api_command(reward, item_argument)
def get(admin: "CouponsAdmin", item_id: str) -> Any:
    """Show a reward item.

    Example: `couponctl reward get --tenant acme "100 points"`
    """
    return admin.call("GET", "rewards", item_id)


@api_command(reward, item_argument, reward_field_options)
def update(admin: "CouponsAdmin", item_id: str, body_file: Any, **options: Any) -> Any:
    """Change a reward item; omitted options keep their values.

    Example: `couponctl reward update --tenant acme "100 points" --name "200 points"`
    """
    body = build_body(body_file, **options)
    return admin.call("PATCH", "rewards", item_id, body=body)


@api_command(reward, item_argument)
def delete(admin: "CouponsAdmin", item_id: str) -> Any:
    """Delete a reward item that no definition uses.

    Example: `couponctl reward delete --tenant acme "100 points"`
    """
    admin.rewards.delete(item_id)
    return {"deleted": item_id}
