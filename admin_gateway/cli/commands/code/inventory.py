"""List codes, show the history of a code, and assign a code to a user."""

from collections.abc import Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any

import rich_click as click

from admin_gateway.cli.api_commands import (
    api_command,
    cursor_options,
    definition_option,
)
from admin_gateway.cli.options import EnumChoice, combine_options
from admin_gateway.cli.tables import get_member, print_members
from coupon_core.domain.models import CouponStatus
from coupons_sdk.errors import NotFound

if TYPE_CHECKING:
    from coupons_sdk import CouponsAdmin

# Name on the screen and member of the document.
SHOWN_MEMBERS = (
    ("code", "code"),
    ("status", "effective_status"),
    ("state", "state"),
    ("user", "user_id"),
    ("expires", "expires_at"),
    ("definition", "definition_name"),
    ("definition_id", "definition_id"),
    ("reward", "reward_item.name"),
    ("reward_payload", "reward_item.payload"),
    ("campaign", "campaign_id"),
    ("creator", "creator_key"),
    ("batch", "batch_id"),
    ("redemptions", "redemption_count"),
    ("id", "id"),
    ("history", "timeline"),
)
COLUMNS = ("code", "status", "user_id", "definition_name", "batch_id", "id")
MAX_MATCHES = 20


filter_options = combine_options(
    click.option("--code", help="Only this code."),
    click.option("--user", "user_id", help="Only codes of this user ID."),
    definition_option("Only codes of this definition, by ID or name."),
    click.option("--batch", "batch_id", help="Only codes of this batch ID."),
    click.option(
        "--status", type=EnumChoice(CouponStatus), help="Only codes with this status."
    ),
    click.option("--from", "generated_from", help="Generated at or after this time."),
    click.option("--before", "generated_before", help="Generated before this time."),
)


def print_coupons(document: dict[str, Any]) -> None:
    """Print coupons with their history for people."""
    for coupon in document["coupons"]:
        print_members({name: get_member(coupon, path) for name, path in SHOWN_MEMBERS})


@api_command(None, filter_options, cursor_options, name="list", columns=COLUMNS)
def list_(admin: "CouponsAdmin", **query: Any) -> Any:
    """List codes page by page, newest first.

    Example: `couponctl code list --tenant acme --status active --limit 20
    --json`
    """
    return admin.call("GET", "codes", query=query)


@api_command(
    None,
    click.argument("code"),
    click.option(
        "--user", "user_id", help="User ID, to select one coupon of a shared code."
    ),
    render=print_coupons,
)
def show(admin: "CouponsAdmin", code: str, user_id: str | None) -> Any:
    """Show a code: its user, state, expiry, reward, campaign and history.

    `state` says whether it can be redeemed, as `couponctl code explain` explains it.
    `effective_status` is `archived` for an active coupon whose definition is archived.
    Of a shared code, the newest 20 coupons are shown.

    Example: `couponctl code show --tenant acme WELCOME8X4F2K9P --json`
    """
    listed = admin.codes.list(code=code, user_id=user_id, limit=MAX_MATCHES)
    coupons = [admin.codes.get(each.id).raw for each in islice(listed, MAX_MATCHES)]
    if not coupons:
        raise NotFound(404, "Coupon not found", code="COUPON_NOT_FOUND")
    return {"coupons": [_with_events(coupon) for coupon in coupons]}


def _with_events(coupon: Mapping[str, Any]) -> dict[str, Any]:
    events = [f"{entry['event']} {entry['at']}" for entry in coupon["timeline"]]
    return {**coupon, "events": events}


@api_command(None, click.argument("code"), click.argument("user_id"))
def assign(admin: "CouponsAdmin", **body: str) -> Any:
    """Assign an unassigned code to a user (idempotent).

    Example: `couponctl code assign --tenant acme WELCOME8X4F2K9P user_123`
    """
    return admin.call("POST", "codes", "assign", body=body)
