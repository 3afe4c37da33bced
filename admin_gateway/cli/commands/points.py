"""`couponctl points`: the points with which users buy coupons."""

from typing import TYPE_CHECKING, Any

import rich_click as click

from admin_gateway.cli.api_commands import api_command, page_options
from admin_gateway.cli.options import combine_options

if TYPE_CHECKING:
    from coupons_sdk import CouponsAdmin

filter_options = combine_options(
    click.option("--user", "user_id", help="Only this user ID."),
    click.option(
        "--point", "point_id", help="Only this kind of points, for example gold."
    ),
    page_options,
)


@click.group()
def points() -> None:
    """Points of users: credit, debit, show, entries."""


# The options that describe a balance change.
point_change_options = combine_options(
    click.option("--user", "user_id", required=True, help="User ID."),
    click.option(
        "--point", "point_id", required=True, help="Kind of points, for example gold."
    ),
    click.option("--amount", type=int, required=True, help="Number of points."),
    click.option(
        "--reference", default="", help="Your reference, for example an order ID."
    ),
    click.option("--reason", default="", help="Reason for people."),
)


@api_command(points, point_change_options)
def credit(admin: "CouponsAdmin", **body: Any) -> Any:
    """Add points to a user's balance.

    Example: `couponctl points credit --tenant acme --user john@doe.com
    --point gold --amount 100 --reason Birthday --json`
    """
    return admin.call("POST", "points", "credit", body=body)


@api_command(points, point_change_options)
def debit(admin: "CouponsAdmin", **body: Any) -> Any:
    """Subtract points from a user's balance, which cannot become negative.

    Example: `couponctl points debit --tenant acme --user john@doe.com
    --point gold --amount 30`
    """
    return admin.call("POST", "points", "debit", body=body)


@api_command(
    points,
    filter_options,
    columns=("user_id", "point_id", "balance", "updated_at"),
)
def show(admin: "CouponsAdmin", **query: Any) -> Any:
    """Show balances.

    Example: `couponctl points show --tenant acme --user john@doe.com --json`
    """
    return admin.call("GET", "points", "wallets", query=query)


@api_command(
    points,
    filter_options,
    columns=(
        "created_at",
        "user_id",
        "point_id",
        "amount",
        "balance",
        "kind",
        "reason",
    ),
)
def entries(admin: "CouponsAdmin", **query: Any) -> Any:
    """List balance changes, newest first.

    Example: `couponctl points entries --tenant acme --user john@doe.com`
    """
    return admin.call("GET", "points", "entries", query=query)
