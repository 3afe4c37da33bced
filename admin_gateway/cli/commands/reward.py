"""`couponctl reward`: reward items, what a redemption grants."""

from typing import Any

import rich_click as click

from admin_gateway.cli.options import (
    UUID,
    JsonObject,
    body_file,
    given,
    of_tenant,
    page,
    paged,
    read_body,
)
from admin_gateway.cli.output import answering
from admin_gateway.requests import RewardItemBody, RewardItemChanges
from coupon_core.domain.models import utc_now
from coupon_core.domain.serialization import whole_reward_item
from coupon_core.services.access import tenants
from coupon_core.services.catalog import reward_items

item_argument = click.argument("item_id", type=UUID)


def members(command: Any) -> Any:
    """Give a command the options that say what a reward item is."""
    for option in (
        click.option("--payload", type=JsonObject(), help='Such as {"amount": 100}.'),
        click.option("--type", "reward_type", help="Such as points, item, badge."),
        click.option("--description", help="What it is, for people."),
        click.option("--name", help="What it is called."),
        body_file,
    ):
        command = option(command)
    return command


@click.group()
def reward() -> None:
    """Reward items: create, list, get, update, delete."""


@reward.command()
@of_tenant
@members
@answering()
def create(tenant_id: str, body_file: Any, **options: Any) -> dict[str, Any]:
    """Add a reward item.

    Example: `couponctl reward create --tenant acme --name "100 points"
    --type points --payload '{"amount": 100}' --json`
    """
    tenants.require(tenant_id)
    fields = RewardItemBody().load({**read_body(body_file), **given(**options)})
    return whole_reward_item(reward_items.create(tenant_id, fields, utc_now()))


@reward.command("list")
@of_tenant
@click.option("--type", "reward_type", help="Only those of this type.")
@paged
@answering("item_id", "name", "reward_type", "payload", "created_at")
def list_(
    tenant_id: str, reward_type: str | None, limit: int, offset: int
) -> dict[str, Any]:
    """List reward items, newest first.

    Example: `couponctl reward list --tenant acme --type points`
    """
    tenants.require(tenant_id)
    rows, total = reward_items.listed(tenant_id, page(limit, offset), reward_type)
    return {"reward_items": [whole_reward_item(row) for row in rows], "total": total}


@reward.command()
@of_tenant
@item_argument
@answering()
def get(tenant_id: str, item_id: str) -> dict[str, Any]:
    """Show a reward item.

    Example: `couponctl reward get --tenant acme 0198c0de-…`
    """
    return whole_reward_item(reward_items.get(tenant_id, item_id))


@reward.command()
@of_tenant
@item_argument
@members
@answering()
def update(
    tenant_id: str, item_id: str, body_file: Any, **options: Any
) -> dict[str, Any]:
    """Change a reward item; what is not given stays.

    Example: `couponctl reward update --tenant acme 0198c0de-… --name "200 points"`
    """
    changes = RewardItemChanges().load({**read_body(body_file), **given(**options)})
    return whole_reward_item(
        reward_items.update(tenant_id, item_id, changes, utc_now())
    )


@reward.command()
@of_tenant
@item_argument
@answering()
def delete(tenant_id: str, item_id: str) -> dict[str, Any]:
    """Delete a reward item that no definition names.

    Example: `couponctl reward delete --tenant acme 0198c0de-…`
    """
    reward_items.delete(tenant_id, item_id)
    return {"deleted": item_id}
