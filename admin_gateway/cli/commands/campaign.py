"""`couponctl campaign`: campaigns and the creators in them."""

from copy import copy
from typing import TYPE_CHECKING, Any

import rich_click as click

from admin_gateway.cli.api_commands import (
    CAMPAIGN,
    CREATOR,
    api_command,
    build_query,
    page_options,
)
from admin_gateway.cli.localized_text import LocalizedTextParam
from admin_gateway.cli.options import (
    TIME_EXAMPLES,
    EnumChoice,
    body_file_option,
    build_body,
    combine_options,
    metadata_filter_option,
    metadata_option,
)
from admin_gateway.cli.suspension_commands import add_suspension_commands
from coupon_core.domain.models.campaigns import CampaignStatus

if TYPE_CHECKING:
    from coupons_sdk import CouponsAdmin

STATUS_CHOICE = EnumChoice(CampaignStatus)
campaign_argument = click.argument("campaign_id", type=CAMPAIGN)
creator_argument = click.argument("creator_key", type=CREATOR)


# The options that describe a campaign.
campaign_field_options = combine_options(
    body_file_option,
    click.option(
        "--names",
        type=LocalizedTextParam(),
        help='Name, or names by locale: Launch or {"en": "Launch", "ko": "…"}.',
    ),
    click.option(
        "--description",
        type=LocalizedTextParam(),
        help="Description, or descriptions by locale.",
    ),
    click.option("--status", type=STATUS_CHOICE, help="Status of the campaign."),
    metadata_option,
    click.option(
        "--time-zone", help="Time zone, for example Europe/Berlin. Default: UTC."
    ),
    click.option("--starts", "starts_at", help=f"Start, {TIME_EXAMPLES}."),
    click.option("--ends", "ends_at", help=f"End, {TIME_EXAMPLES}."),
)


@click.group()
def campaign() -> None:
    """Campaigns: create, list, get, update, status, suspend, resume, stats."""


add_suspension_commands(campaign, campaign_argument, "campaigns")


@api_command(
    campaign,
    click.argument("name"),
    click.option("--id", "campaign_id", help="Campaign ID. Default: from the name."),
    campaign_field_options,
)
def create(
    admin: "CouponsAdmin",
    name: str,
    campaign_id: str | None,
    body_file: Any,
    **options: Any,
) -> Any:
    """Create a campaign. NAME is its ID if --names gives the names, without --id.

    Example: `couponctl campaign create --tenant acme "Black Friday"
    --time-zone Europe/Berlin --starts 2026-11-27 --ends 2026-11-30 --json`
    """
    body = build_body(body_file, **options, campaign_id=campaign_id)
    # An ID was necessary, and the only argument, before a name was sufficient.
    body["campaign_id" if "names" in body and not campaign_id else "name"] = name
    return admin.call("POST", "campaigns", body=body)


@api_command(
    campaign,
    click.option(
        "--status", type=STATUS_CHOICE, help="Only campaigns with this status."
    ),
    metadata_filter_option,
    page_options,
    name="list",
    columns=("campaign_id", "name", "status", "starts_at", "ends_at", "time_zone"),
)
def list_(admin: "CouponsAdmin", **filters: Any) -> Any:
    """List campaigns, newest first.

    Example: `couponctl campaign list --tenant acme --status IN_PROGRESS`
    """
    return admin.call("GET", "campaigns", query=build_query(**filters))


@api_command(campaign, campaign_argument)
def get(admin: "CouponsAdmin", campaign_id: str) -> Any:
    """Show a campaign; `show` is the same.

    Example: `couponctl campaign get --tenant acme campaign_001`, or
    `couponctl campaign show --tenant acme campaign_001`
    """
    return admin.call("GET", "campaigns", campaign_id)


show = copy(get)
show.hidden = True
campaign.add_command(show, "show")


@api_command(
    campaign,
    campaign_argument,
    click.option("--name", help="Name in English only, instead of --names."),
    campaign_field_options,
)
def update(
    admin: "CouponsAdmin", campaign_id: str, body_file: Any, **options: Any
) -> Any:
    """Change a campaign; omitted options keep their values.

    While a campaign is COMPLETED or CANCELLED, its codes cannot be redeemed. New dates
    apply to its packages without dates and to new definitions; those that exist keep
    theirs: move them by `definition update --expires`.

    Example: `couponctl campaign update --tenant acme campaign_001
    --status CANCELLED`
    """
    body = build_body(body_file, **options)
    return admin.call("PATCH", "campaigns", campaign_id, body=body)


@api_command(
    campaign, campaign_argument, click.argument("new_status", type=STATUS_CHOICE)
)
def status(admin: "CouponsAdmin", campaign_id: str, new_status: str) -> Any:
    """Set the status; COMPLETED and CANCELLED end all codes, any other reopens them.

    Example: `couponctl campaign status --tenant acme campaign_001 CANCELLED`
    """
    return admin.call("PATCH", "campaigns", campaign_id, body={"status": new_status})


@api_command(campaign, campaign_argument)
def stats(admin: "CouponsAdmin", campaign_id: str) -> Any:
    """Count the redemptions of a campaign's codes by package, creator, definition.

    Example: `couponctl campaign stats --tenant acme campaign_001`
    """
    return admin.call("GET", "campaigns", campaign_id, "stats")


@api_command(
    campaign,
    campaign_argument,
    page_options,
    columns=("creator_key", "name", "genre", "status"),
)
def creators(admin: "CouponsAdmin", campaign_id: str, **query: Any) -> Any:
    """List the creators of a campaign.

    Example: `couponctl campaign creators --tenant acme campaign_001`
    """
    return admin.call("GET", "campaigns", campaign_id, "creators", query=query)


@api_command(campaign, campaign_argument, creator_argument, name="add-creator")
def add_creator(admin: "CouponsAdmin", campaign_id: str, creator_key: str) -> Any:
    """Add a creator to a campaign (idempotent).

    Example: `couponctl campaign add-creator --tenant acme campaign_001
    ABC12`
    """
    key = creator_key.upper()
    return admin.call("PUT", "campaigns", campaign_id, "creators", key)


@api_command(campaign, campaign_argument, creator_argument, name="remove-creator")
def remove_creator(admin: "CouponsAdmin", campaign_id: str, creator_key: str) -> Any:
    """Remove a creator from a campaign; assigned codes remain valid until revoked.

    Example: `couponctl campaign remove-creator --tenant acme campaign_001
    ABC12`
    """
    key = creator_key.upper()
    admin.call("DELETE", "campaigns", campaign_id, "creators", key)
    return {"removed": key}
