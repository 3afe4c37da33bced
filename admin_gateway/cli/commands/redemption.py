"""`couponctl validate`, `redeem`, `history` and `redemption`."""

from typing import TYPE_CHECKING, Any

import rich_click as click

from admin_gateway.cli.api_commands import (
    api_command,
    campaign_filter_option,
    cursor_options,
    definition_filter_option,
    page_options,
    query_command,
)
from admin_gateway.cli.integer_option import IntegerRange
from admin_gateway.cli.options import metadata_option, without_unset
from admin_gateway.cli.output import exit_with_failure
from admin_gateway.cli.tables import Document

if TYPE_CHECKING:
    from coupons_sdk import Coupons, CouponsAdmin

user_option = click.option("--user", "user_id", required=True, help="User ID.")


@query_command(
    click.option(
        "--user", "user_id", help="User ID. Default: check the code without a user."
    ),
    click.argument("code"),
)
def validate(coupons: "Coupons", user_id: str | None, code: str) -> Any:
    """Check whether a code can be redeemed. Exit status 1 if it cannot.

    Example: `couponctl validate --tenant acme WELCOME8X4F2K9P --user user_123`
    """
    found = coupons.validate(code, user_id)
    if not found.valid:
        exit_with_failure()
    return found.raw


@query_command(
    user_option,
    click.option("--reference", help="A reference of your own, such as an order ID."),
    metadata_option,
    click.argument("code"),
)
def redeem(coupons: "Coupons", user_id: str, code: str, **options: Any) -> Any:
    """Redeem a code once for a user.

    Example: `couponctl redeem --tenant acme WELCOME8X4F2K9P --user user_123 --json`
    """
    return coupons.redeem(code, user_id, **without_unset(**options)).raw


@query_command(
    user_option,
    page_options,
    columns=("redeemed_at", "code", "definition_name", "redemption_count", "status"),
)
def history(coupons: "Coupons", user_id: str, limit: int, offset: int) -> Document:
    """List the coupons a user has redeemed, newest first.

    Example: `couponctl history --tenant acme --user user_123 --json`
    """
    page = coupons.history(user_id, limit=limit).page(offset=offset)
    return {"redemptions": [item.raw for item in page.items], "total": page.total}


@click.group()
def redemption() -> None:
    """Redemptions of a tenant: list, get, reverse."""


@api_command(
    redemption,
    click.option("--user", "user_id", help="Only those of this user ID."),
    click.option("--code", help="Only those of this code."),
    definition_filter_option,
    campaign_filter_option,
    click.option("--reference", help="Only those with this reference."),
    click.option(
        "--api", "dialect", help="Only those through phoenix, playcamp or mambo."
    ),
    click.option("--from", "from", help="Only those at or after this time."),
    click.option("--to", "to", help="Only those before this time."),
    cursor_options,
    name="list",
    columns=(
        *("redeemed_at", "code", "user_id", "dialect", "reference", "redemption_id"),
    ),
)
def list_redemptions(admin: "CouponsAdmin", **query: Any) -> Any:
    """List redemptions, newest first.

    Example: `couponctl redemption list --tenant acme --reference order-4711`
    """
    return admin.call("GET", "redemptions", query=query)


redemption_argument = click.argument("redemption_id", type=IntegerRange(1))


@api_command(redemption, redemption_argument)
def get(admin: "CouponsAdmin", redemption_id: int) -> Any:
    """Show a redemption.

    Example: `couponctl redemption get --tenant acme 245883838423042`
    """
    return admin.call("GET", "redemptions", redemption_id)


@api_command(
    redemption, redemption_argument, click.option("--reason", help="Why, in words.")
)
def reverse(admin: "CouponsAdmin", redemption_id: int, reason: str | None) -> Any:
    """Give a use back in every limit that counts it (idempotent).

    The coupon stays its user's. A use that was paid for with points gives them back.

    Example: `couponctl redemption reverse --tenant acme 245883838423042
    --reason "Order cancelled"`
    """
    body = without_unset(reason=reason)
    return admin.call("POST", "redemptions", redemption_id, "reverse", body=body)
