"""List failed attempts to use codes."""

from typing import TYPE_CHECKING, Any

import rich_click as click

from admin_gateway.cli.api_commands import (
    api_command,
    cursor_options,
    definition_option,
)

if TYPE_CHECKING:
    from coupons_sdk import CouponsAdmin

COLUMNS = ("attempted_at", "masked_code", "user_id", "action", "reason", "dialect")


@api_command(
    None,
    click.option("--code", help="Only attempts with this code."),
    click.option("--user", "user_id", help="Only those of this user ID."),
    click.option(
        "--reason", help="Only those with this error code: COUPON_EXPIRED, …."
    ),
    click.option("--action", help="validate, redeem, reserve, confirm, buy or refund."),
    definition_option("Only those of this definition, by ID or name."),
    click.option("--from", "from", help="Only those at or after this time."),
    click.option("--to", "to", help="Only those before this time."),
    cursor_options,
    columns=COLUMNS,
)
def attempts(admin: "CouponsAdmin", **query: Any) -> Any:
    """List refused calls, newest first, with masked codes.

    A call appears within ten seconds, through any of the APIs.

    Example: `couponctl code attempts --tenant acme --code WELCOME8X4F2K9P`
    """
    return admin.call("GET", "attempts", query=query)
