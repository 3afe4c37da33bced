"""`couponctl points`: the points with which users buy coupons."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import rich_click as click

from admin_gateway.cli.options import (
    USER_PARAM,
    combine_options,
    id_option,
    tenant_option,
)
from admin_gateway.cli.output import Rows, json_command, list_command
from admin_gateway.requests.points import PointChangeSchema
from admin_gateway.responses.points import serialize_point_entry, serialize_wallet
from coupon_core.domain.models import Page, utc_now
from coupon_core.domain.models.points import PointChange, PointEntry
from coupon_core.services.access import tenants
from coupon_core.services.points import wallets as wallet_service

user_option = click.option(
    "--user", "user_id", type=USER_PARAM, required=True, help="User ID."
)
point_option = click.option(
    "--point", "point_id", help="Only this kind of points, for example gold."
)
PointOperation = Callable[[PointChange, datetime], PointEntry]


@click.group()
def points() -> None:
    """Points of users: credit, debit, show, entries."""


# The options that describe a balance change.
point_change_options = combine_options(
    tenant_option,
    user_option,
    click.option(
        "--point", "point_id", required=True, help="Kind of points, for example gold."
    ),
    click.option("--amount", type=int, required=True, help="Number of points."),
    click.option(
        "--reference", default="", help="Your reference, for example an order ID."
    ),
    click.option("--reason", default="", help="Reason for people."),
)


def _change_points(
    operation: PointOperation, tenant_id: str, body: dict[str, Any]
) -> dict[str, Any]:
    tenants.require(tenant_id)
    change = PointChange(tenant_id, **PointChangeSchema().load(body))
    return serialize_point_entry(operation(change, utc_now()))


@points.command()
@point_change_options
@json_command()
def credit(tenant_id: str, **body: Any) -> dict[str, Any]:
    """Add points to a user's balance.

    Example: `couponctl points credit --tenant acme --user john@doe.com
    --point gold --amount 100 --reason Birthday --json`
    """
    return _change_points(wallet_service.credit, tenant_id, body=body)


@points.command()
@point_change_options
@json_command()
def debit(tenant_id: str, **body: Any) -> dict[str, Any]:
    """Subtract points from a user's balance, which cannot become negative.

    Example: `couponctl points debit --tenant acme --user john@doe.com
    --point gold --amount 30`
    """
    return _change_points(wallet_service.debit, tenant_id, body=body)


@list_command(
    points,
    "wallets",
    id_option("user", "Only this user ID."),
    point_option,
    serialize=serialize_wallet,
    columns=("user_id", "point_id", "balance", "updated_at"),
    name="show",
)
def show(tenant_id: str, page: Page, **filters: Any) -> Rows:
    """Show balances.

    Example: `couponctl points show --tenant acme --user john@doe.com --json`
    """
    return wallet_service.list_wallets(tenant_id, page, **filters)


@list_command(
    points,
    "entries",
    id_option("user", "Only this user ID."),
    point_option,
    serialize=serialize_point_entry,
    columns=(
        "created_at",
        "user_id",
        "point_id",
        "amount",
        "balance",
        "kind",
        "reason",
    ),
    name="entries",
)
def entries(tenant_id: str, page: Page, **filters: Any) -> Rows:
    """List balance changes, newest first.

    Example: `couponctl points entries --tenant acme --user john@doe.com`
    """
    return wallet_service.list_entries(tenant_id, page, **filters)
