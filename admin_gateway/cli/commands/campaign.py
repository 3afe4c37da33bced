"""`couponctl campaign`: campaigns and the creators in them."""

from typing import Any

import rich_click as click

from admin_gateway.cli.api_commands import api_command
from admin_gateway.cli.names import Admin
from admin_gateway.cli.options import (
    body_file_option,
    build_body,
    combine_options,
    dates_options,
    enum_filter_option,
    localized_option,
    metadata_filter_option,
    metadata_option,
)
from admin_gateway.cli.param_types import EnumChoice
from admin_gateway.cli.request_groups import RequestGroup
from coupon_core.domain.models.campaigns import CampaignStatus

STATUS_CHOICE = EnumChoice(CampaignStatus)
# The options that describe a campaign.
campaign_field_options = combine_options(
    body_file_option,
    localized_option("--names", "names", "Name, such as Launch"),
    localized_option("--description", "description", "Description"),
    click.option("--status", type=STATUS_CHOICE, help="Status of the campaign."),
    metadata_option,
    click.option(
        "--time-zone", help="Time zone, for example Europe/Berlin. Default: UTC."
    ),
    dates_options,
)

campaign = RequestGroup(
    "campaign",
    "campaigns",
    "Campaigns: create, list, show, update, status, suspend, resume, stats.",
)
campaign.add_suspension("campaign_id")


@api_command(
    campaign,
    click.argument("name"),
    click.option("--id", "campaign_id", help="Campaign ID. Default: from the name."),
    campaign_field_options,
)
def create(admin: Admin, name: str, campaign_id: str | None, **options: Any) -> Any:
    """Create a campaign. NAME is its ID if --names gives the names, without --id.

    Example: `couponctl campaign create --tenant acme "Black Friday"
    --time-zone Europe/Berlin --starts 2026-11-27 --ends 2026-11-30 --json`
    """
    body = build_body(**options, campaign_id=campaign_id)
    # An ID was necessary, and the only argument, before a name was sufficient.
    body["campaign_id" if "names" in body and not campaign_id else "name"] = name
    return admin.call("POST", "campaigns", body=body)


campaign.add_request(
    "list --status IN_PROGRESS",
    "GET",
    "List campaigns, newest first.",
    enum_filter_option("status", CampaignStatus),
    metadata_filter_option,
    columns=("campaign_id", "name", "status", "starts_at", "ends_at", "time_zone"),
)
campaign.add_request("show campaign_001", "GET {campaign_id}", "Show a campaign.")
campaign.add_request(
    "update campaign_001 --status CANCELLED",
    "PATCH {campaign_id}",
    """Change a campaign; omitted options keep their values.

    While a campaign is COMPLETED or CANCELLED, its codes cannot be redeemed. New dates
    apply to its packages without dates and to new definitions; those that exist keep
    theirs: move them by `definition update --expires`.
    """,
    click.option("--name", help="Name in English only, instead of --names."),
    campaign_field_options,
)
campaign.add_request(
    "status campaign_001 CANCELLED",
    "PATCH {campaign_id}",
    "Set the status; COMPLETED and CANCELLED end all codes, any other reopens them.",
    click.argument("status", type=STATUS_CHOICE),
)
campaign.add_request(
    "stats campaign_001",
    "GET {campaign_id}/stats",
    "Count the redemptions of a campaign's codes by package, creator, definition.",
)
campaign.add_request(
    "creators campaign_001",
    "GET {campaign_id}/creators",
    "List the creators of a campaign.",
    columns=("creator_key", "name", "genre", "status"),
)
campaign.add_request(
    "add-creator campaign_001 ABC12",
    "PUT {campaign_id}/creators/{creator_key}",
    "Add a creator to a campaign (idempotent).",
)

campaign.add_request(
    "remove-creator campaign_001 ABC12",
    "DELETE {campaign_id}/creators/{creator_key}",
    "Remove a creator from a campaign; assigned codes remain valid until revoked.",
)
