"""`couponctl campaign`: campaigns and the creators in them."""

from typing import Any

import rich_click as click

from admin_gateway.cli.options import (
    JsonObjectParam,
    body_file_option,
    pagination_options,
    read_body,
    tenant_option,
    to_page,
    without_unset,
)
from admin_gateway.cli.output import json_command
from admin_gateway.requests.campaigns import CreateCampaignSchema, UpdateCampaignSchema
from admin_gateway.responses import campaigns as campaign_responses
from coupon_core.domain.models import utc_now
from coupon_core.domain.models.campaigns import CampaignStatus
from coupon_core.services.access import tenants
from coupon_core.services.campaigns import campaigns

STATUS_CHOICE = click.Choice([status.value for status in CampaignStatus])
campaign_argument = click.argument("campaign_id")
creator_argument = click.argument("creator_key", metavar="CREATOR_KEY")


def campaign_field_options(command: Any) -> Any:
    """Add the options that describe a campaign to a command."""
    for option in (
        click.option(
            "--ends", "ends_at", help="End, for example 2030-12-31T23:59:59Z."
        ),
        click.option(
            "--starts", "starts_at", help="Start, for example 2030-01-31T12:00:00Z."
        ),
        click.option("--status", type=STATUS_CHOICE, help="Status of the campaign."),
        click.option(
            "--description",
            type=JsonObjectParam(),
            help='Descriptions by locale, for example {"en": "Launch"}.',
        ),
        click.option(
            "--names",
            type=JsonObjectParam(),
            help='Names by locale, for example {"en": "Launch"}.',
        ),
        body_file_option,
    ):
        command = option(command)
    return command


@click.group()
def campaign() -> None:
    """Campaigns: create, list, get, update, stats, creators."""


@campaign.command()
@tenant_option
@campaign_argument
@campaign_field_options
@json_command()
def create(
    tenant_id: str, campaign_id: str, body_file: Any, **options: Any
) -> dict[str, Any]:
    """Create a campaign.

    Example: `couponctl campaign create --tenant acme campaign_001
    --names '{"en": "Launch"}' --status IN_PROGRESS --json`
    """
    tenants.require(tenant_id)
    body = {
        **read_body(body_file),
        **without_unset(**options),
        "campaign_id": campaign_id,
    }
    fields = CreateCampaignSchema().load(body)
    created = campaigns.create(
        tenant_id, fields.pop("campaign_id"), fields=fields, now=utc_now()
    )
    return campaign_responses.serialize_campaign(created)


@campaign.command("list")
@tenant_option
@click.option("--status", type=STATUS_CHOICE, help="Only campaigns with this status.")
@pagination_options
@json_command("campaign_id", "names", "status", "starts_at", "ends_at")
def list_(
    tenant_id: str, status: str | None, limit: int, offset: int
) -> dict[str, Any]:
    """List campaigns, newest first.

    Example: `couponctl campaign list --tenant acme --status IN_PROGRESS`
    """
    tenants.require(tenant_id)
    status_filter = CampaignStatus(status) if status else None
    rows, total = campaigns.list_campaigns(
        tenant_id, to_page(limit, offset), status=status_filter
    )
    return {
        "campaigns": [campaign_responses.serialize_campaign(row) for row in rows],
        "total": total,
    }


@campaign.command()
@tenant_option
@campaign_argument
@json_command()
def get(tenant_id: str, campaign_id: str) -> dict[str, Any]:
    """Show a campaign.

    Example: `couponctl campaign get --tenant acme campaign_001`
    """
    return campaign_responses.serialize_campaign(campaigns.get(tenant_id, campaign_id))


@campaign.command()
@tenant_option
@campaign_argument
@campaign_field_options
@json_command()
def update(
    tenant_id: str, campaign_id: str, body_file: Any, **options: Any
) -> dict[str, Any]:
    """Change a campaign; omitted options keep their values.

    While a campaign is COMPLETED or CANCELLED, its codes cannot be redeemed.

    Example: `couponctl campaign update --tenant acme campaign_001
    --status CANCELLED`
    """
    changes = UpdateCampaignSchema().load(
        {**read_body(body_file), **without_unset(**options)}
    )
    changed = campaigns.update(tenant_id, campaign_id, changes=changes, now=utc_now())
    return campaign_responses.serialize_campaign(changed)


@campaign.command()
@tenant_option
@campaign_argument
@json_command()
def stats(tenant_id: str, campaign_id: str) -> dict[str, Any]:
    """Count the redemptions of a campaign's codes by package and creator.

    Example: `couponctl campaign stats --tenant acme campaign_001`
    """
    return campaign_responses.serialize_campaign_stats(
        campaigns.get_stats(tenant_id, campaign_id)
    )


@campaign.command("creators")
@tenant_option
@campaign_argument
@pagination_options
@json_command("creator_key", "name", "genre", "status")
def creators_(
    tenant_id: str, campaign_id: str, limit: int, offset: int
) -> dict[str, Any]:
    """List the creators of a campaign.

    Example: `couponctl campaign creators --tenant acme campaign_001`
    """
    rows, total = campaigns.list_creators(
        tenant_id, campaign_id, page=to_page(limit, offset)
    )
    return {
        "creators": [campaign_responses.serialize_creator(row) for row in rows],
        "total": total,
    }


@campaign.command("add-creator")
@tenant_option
@campaign_argument
@creator_argument
@json_command()
def add_creator(tenant_id: str, campaign_id: str, creator_key: str) -> dict[str, Any]:
    """Add a creator to a campaign (idempotent).

    Example: `couponctl campaign add-creator --tenant acme campaign_001
    ABC12`
    """
    creator = campaigns.add_creator(
        tenant_id, campaign_id, creator_key=creator_key.upper()
    )
    return campaign_responses.serialize_creator(creator)


@campaign.command("remove-creator")
@tenant_option
@campaign_argument
@creator_argument
@json_command()
def remove_creator(
    tenant_id: str, campaign_id: str, creator_key: str
) -> dict[str, Any]:
    """Remove a creator from a campaign; assigned codes remain valid until revoked.

    Example: `couponctl campaign remove-creator --tenant acme campaign_001
    ABC12`
    """
    campaigns.remove_creator(tenant_id, campaign_id, creator_key=creator_key.upper())
    return {"removed": creator_key.upper()}
