"""`couponctl campaign`: what creators promote, and who takes part."""

from typing import Any

import rich_click as click

from admin_gateway.cli.options import (
    JsonObject,
    body_file,
    given,
    of_tenant,
    page,
    paged,
    read_body,
)
from admin_gateway.cli.output import answering
from admin_gateway.requests import CampaignBody, CampaignChanges
from admin_gateway.responses import campaigns as documents
from coupon_core.domain.models import utc_now
from coupon_core.domain.models.campaigns import CampaignStatus
from coupon_core.services.access import tenants
from coupon_core.services.campaigns import campaigns

STATUS = click.Choice([one.value for one in CampaignStatus])
campaign_argument = click.argument("campaign_id")
creator_argument = click.argument("creator_key", metavar="CREATOR_KEY")


def members(command: Any) -> Any:
    """Give a command the options that say what a campaign is."""
    for option in (
        click.option("--ends", "ends_at", help="When its codes end."),
        click.option("--starts", "starts_at", help="As 2030-01-31T12:00:00Z."),
        click.option("--status", type=STATUS, help="Where in its life it is."),
        click.option("--description", type=JsonObject(), help="Texts by locale."),
        click.option("--names", type=JsonObject(), help='Such as {"en": "Launch"}.'),
        body_file,
    ):
        command = option(command)
    return command


@click.group()
def campaign() -> None:
    """Campaigns: create, list, get, update, stats, creators."""


@campaign.command()
@of_tenant
@campaign_argument
@members
@answering()
def create(
    tenant_id: str, campaign_id: str, body_file: Any, **options: Any
) -> dict[str, Any]:
    """Add a campaign.

    Example: `couponctl campaign create --tenant acme campaign_001
    --names '{"en": "Launch"}' --status IN_PROGRESS --json`
    """
    tenants.require(tenant_id)
    whole = {**read_body(body_file), **given(**options), "campaign_id": campaign_id}
    fields = CampaignBody().load(whole)
    ids = tenant_id, fields.pop("campaign_id")
    return documents.campaign(campaigns.create(*ids, fields, utc_now()))


@campaign.command("list")
@of_tenant
@click.option("--status", type=STATUS, help="Only those of this status.")
@paged
@answering("campaign_id", "names", "status", "starts_at", "ends_at")
def list_(
    tenant_id: str, status: str | None, limit: int, offset: int
) -> dict[str, Any]:
    """List campaigns, newest first.

    Example: `couponctl campaign list --tenant acme --status IN_PROGRESS`
    """
    tenants.require(tenant_id)
    chosen = CampaignStatus(status) if status else None
    rows, total = campaigns.listed(tenant_id, page(limit, offset), chosen)
    return {"campaigns": [documents.campaign(row) for row in rows], "total": total}


@campaign.command()
@of_tenant
@campaign_argument
@answering()
def get(tenant_id: str, campaign_id: str) -> dict[str, Any]:
    """Show a campaign.

    Example: `couponctl campaign get --tenant acme campaign_001`
    """
    return documents.campaign(campaigns.get(tenant_id, campaign_id))


@campaign.command()
@of_tenant
@campaign_argument
@members
@answering()
def update(
    tenant_id: str, campaign_id: str, body_file: Any, **options: Any
) -> dict[str, Any]:
    """Change a campaign; what is not given stays.

    While it is COMPLETED or CANCELLED, none of its codes is good.

    Example: `couponctl campaign update --tenant acme campaign_001 --status CANCELLED`
    """
    changes = CampaignChanges().load({**read_body(body_file), **given(**options)})
    changed = campaigns.update(tenant_id, campaign_id, changes, utc_now())
    return documents.campaign(changed)


@campaign.command()
@of_tenant
@campaign_argument
@answering()
def stats(tenant_id: str, campaign_id: str) -> dict[str, Any]:
    """Count the uses of a campaign's codes, by package and creator.

    Example: `couponctl campaign stats --tenant acme campaign_001`
    """
    return documents.stats(campaigns.stats(tenant_id, campaign_id))


@campaign.command("creators")
@of_tenant
@campaign_argument
@paged
@answering("creator_key", "name", "genre", "status")
def creators_(
    tenant_id: str, campaign_id: str, limit: int, offset: int
) -> dict[str, Any]:
    """List who takes part in a campaign.

    Example: `couponctl campaign creators --tenant acme campaign_001`
    """
    rows, total = campaigns.creators(tenant_id, campaign_id, page(limit, offset))
    return {"creators": [documents.creator(row) for row in rows], "total": total}


@campaign.command("add-creator")
@of_tenant
@campaign_argument
@creator_argument
@answering()
def add_creator(tenant_id: str, campaign_id: str, creator_key: str) -> dict[str, Any]:
    """Let a creator take part; again changes nothing.

    Example: `couponctl campaign add-creator --tenant acme campaign_001 ABC12`
    """
    ids = tenant_id, campaign_id, creator_key.upper()
    return documents.creator(campaigns.add_creator(*ids))


@campaign.command("remove-creator")
@of_tenant
@campaign_argument
@creator_argument
@answering()
def remove_creator(
    tenant_id: str, campaign_id: str, creator_key: str
) -> dict[str, Any]:
    """End a creator's part; codes already given stay good until they are revoked.

    Example: `couponctl campaign remove-creator --tenant acme campaign_001 ABC12`
    """
    campaigns.remove_creator(tenant_id, campaign_id, creator_key.upper())
    return {"removed": creator_key.upper()}
