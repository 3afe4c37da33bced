"""`couponctl validate`, `redeem`, `history` and `redemption`."""

from typing import Any

import rich_click as click

from admin_gateway.cli.api_commands import query_command
from admin_gateway.cli.names import Query, campaign_filter_option, coupon_filter_options
from admin_gateway.cli.options import (
    api_filter_option,
    cursor_options,
    metadata_option,
    page_options,
    time_filter_options,
    without_unset,
)
from admin_gateway.cli.output import exit_with_failure
from admin_gateway.cli.request_groups import RequestGroup
from admin_gateway.cli.tables import Document

user_option = click.option("--user", "user_id", required=True, help="User ID.")


@query_command(
    click.option(
        "--user", "user_id", help="User ID. Default: check the code without a user."
    ),
    click.argument("code"),
)
def validate(coupons: Query, user_id: str | None, code: str) -> Any:
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
def redeem(coupons: Query, user_id: str, code: str, **options: Any) -> Any:
    """Redeem a code once for a user.

    Example: `couponctl redeem --tenant acme WELCOME8X4F2K9P --user user_123 --json`
    """
    return coupons.redeem(code, user_id, **without_unset(**options)).raw


@query_command(
    user_option,
    page_options,
    columns=("redeemed_at", "code", "definition_name", "redemption_count", "status"),
)
def history(coupons: Query, user_id: str, limit: int, offset: int) -> Document:
    """List the coupons a user has redeemed, newest first.

    Example: `couponctl history --tenant acme --user user_123 --json`
    """
    page = coupons.history(user_id, limit=limit).page(offset=offset)
    return {"redemptions": [item.raw for item in page.items], "total": page.total}


redemption = RequestGroup(
    "redemption", "redemptions", "Redemptions of a tenant: list, show, reverse."
)
redemption.add_request(
    "list --reference order-4711",
    "GET",
    "List redemptions, newest first.",
    coupon_filter_options,
    campaign_filter_option,
    click.option("--reference", help="Only those with this reference."),
    api_filter_option,
    time_filter_options,
    pages=cursor_options,
    columns=(
        *("redeemed_at", "code", "user_id", "dialect", "reference", "redemption_id"),
    ),
)
redemption.add_request(
    "show 245883838423042", "GET {redemption_id}", "Show a redemption."
)
redemption.add_request(
    'reverse 245883838423042 --reason "Order cancelled"',
    "POST {redemption_id}/reverse",
    """Give a use back in every limit that counts it (idempotent).

    The coupon stays its user's. A use that was paid for with points gives them back.
    """,
    click.option("--reason", help="Why, in words."),
)
