"""`couponctl campaign`: campaigns and the creators in them."""

from copy import copy
from typing import Any

import rich_click as click

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
from admin_gateway.cli.output import Rows, list_command, tenant_command
from admin_gateway.cli.suspension_commands import add_suspension_commands
from admin_gateway.requests.campaigns import CreateCampaignSchema, UpdateCampaignSchema
from admin_gateway.responses import campaigns as campaign_responses
from coupon_core.domain.models import Page, utc_now
from coupon_core.domain.models.campaigns import CampaignStatus
from coupon_core.services import suspension
from coupon_core.services.access import tenants
from coupon_core.services.campaigns import campaigns

STATUS_CHOICE = EnumChoice(CampaignStatus)
campaign_argument = click.argument("campaign_id")
creator_argument = click.argument("creator_key", metavar="CREATOR_KEY")


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


add_suspension_commands(
    campaign,
    campaign_argument,
    suspension.CAMPAIGNS,
    serialize=campaign_responses.serialize_campaign,
)


@tenant_command(
    campaign,
    click.argument("name"),
    click.option("--id", "campaign_id", help="Campaign ID. Default: from the name."),
    campaign_field_options,
)
def create(
    tenant_id: str, name: str, campaign_id: str | None, body_file: Any, **options: Any
) -> dict[str, Any]:
    """Create a campaign. NAME is its ID if --names gives the names, without --id.

    Example: `couponctl campaign create --tenant acme "Black Friday"
    --time-zone Europe/Berlin --starts 2026-11-27 --ends 2026-11-30 --json`
    """
    tenants.require(tenant_id)
    body = build_body(body_file, **options, campaign_id=campaign_id)
    # An ID was necessary, and the only argument, before a name was sufficient.
    body["campaign_id" if "names" in body and not campaign_id else "name"] = name
    fields = CreateCampaignSchema().load(body)
    created = campaigns.create(
        tenant_id, fields.pop("campaign_id", None), fields=fields, now=utc_now()
    )
    return campaign_responses.serialize_campaign(created)


@list_command(
    campaign,
    "campaigns",
    click.option(
        "--status", type=STATUS_CHOICE, help="Only campaigns with this status."
    ),
    metadata_filter_option,
    serialize=campaign_responses.serialize_campaign,
    columns=("campaign_id", "name", "status", "starts_at", "ends_at", "time_zone"),
)
def list_(
    tenant_id: str,
    status: CampaignStatus | None,
    metadata: dict[str, str],
    page: Page,
) -> Rows:
    """List campaigns, newest first.

    Example: `couponctl campaign list --tenant acme --status IN_PROGRESS`
    """
    return campaigns.list_campaigns(tenant_id, page, status=status, metadata=metadata)


@tenant_command(campaign, campaign_argument)
def get(tenant_id: str, campaign_id: str) -> dict[str, Any]:
    """Show a campaign; `show` is the same.

    Example: `couponctl campaign get --tenant acme campaign_001`, or
    `couponctl campaign show --tenant acme campaign_001`
    """
    return campaign_responses.serialize_campaign(campaigns.get(tenant_id, campaign_id))


show = copy(get)
show.hidden = True
campaign.add_command(show, "show")


@tenant_command(
    campaign,
    campaign_argument,
    click.option("--name", help="Name in English only, instead of --names."),
    campaign_field_options,
)
def update(
    tenant_id: str, campaign_id: str, body_file: Any, **options: Any
) -> dict[str, Any]:
    """Change a campaign; omitted options keep their values.

    While a campaign is COMPLETED or CANCELLED, its codes cannot be redeemed. New dates
    apply to its packages without dates and to new definitions; those that exist keep
    theirs: move them by `definition update --expires`.

    Example: `couponctl campaign update --tenant acme campaign_001
    --status CANCELLED`
    """
    changes = UpdateCampaignSchema().load(build_body(body_file, **options))
    changed = campaigns.update(tenant_id, campaign_id, changes=changes, now=utc_now())
    return campaign_responses.serialize_campaign(changed)


@tenant_command(
    campaign, campaign_argument, click.argument("new_status", type=STATUS_CHOICE)
)
def status(
    tenant_id: str, campaign_id: str, new_status: CampaignStatus
) -> dict[str, Any]:
    """Set the status; COMPLETED and CANCELLED end all codes, any other reopens them.

    Example: `couponctl campaign status --tenant acme campaign_001 CANCELLED`
    """
    changes = {"status": new_status}
    changed = campaigns.update(tenant_id, campaign_id, changes=changes, now=utc_now())
    return campaign_responses.serialize_campaign(changed)


@tenant_command(campaign, campaign_argument)
def stats(tenant_id: str, campaign_id: str) -> dict[str, Any]:
    """Count the redemptions of a campaign's codes by package, creator, definition.

    Example: `couponctl campaign stats --tenant acme campaign_001`
    """
    return campaign_responses.serialize_campaign_stats(
        campaigns.get_stats(tenant_id, campaign_id)
    )


@list_command(
    campaign,
    "creators",
    campaign_argument,
    serialize=campaign_responses.serialize_creator,
    columns=("creator_key", "name", "genre", "status"),
    name="creators",
)
def creators_(tenant_id: str, campaign_id: str, page: Page) -> Rows:
    """List the creators of a campaign.

    Example: `couponctl campaign creators --tenant acme campaign_001`
    """
    return campaigns.list_creators(tenant_id, campaign_id, page=page)


@tenant_command(campaign, campaign_argument, creator_argument, name="add-creator")
def add_creator(tenant_id: str, campaign_id: str, creator_key: str) -> dict[str, Any]:
    """Add a creator to a campaign (idempotent).

    Example: `couponctl campaign add-creator --tenant acme campaign_001
    ABC12`
    """
    creator = campaigns.add_creator(
        tenant_id, campaign_id, creator_key=creator_key.upper()
    )
    return campaign_responses.serialize_creator(creator)


@tenant_command(campaign, campaign_argument, creator_argument, name="remove-creator")
def remove_creator(
    tenant_id: str, campaign_id: str, creator_key: str
) -> dict[str, Any]:
    """Remove a creator from a campaign; assigned codes remain valid until revoked.

    Example: `couponctl campaign remove-creator --tenant acme campaign_001
    ABC12`
    """
    campaigns.remove_creator(tenant_id, campaign_id, creator_key=creator_key.upper())
    return {"removed": creator_key.upper()}
