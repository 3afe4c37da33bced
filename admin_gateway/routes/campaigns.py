"""Routes for campaigns and their creators (docs/api-contracts.md 3.3)."""

from typing import Any

from flask import Response, g

from admin_gateway.requests.campaigns import (
    CampaignQuerySchema,
    CreateCampaignSchema,
    UpdateCampaignSchema,
)
from admin_gateway.requests.packages import CreatePackageSchema
from admin_gateway.requests.pagination import ListQuerySchema
from admin_gateway.responses.campaigns import (
    CAMPAIGN_CHANGES,
    NEW_CAMPAIGN,
    SUSPENDED_CAMPAIGN,
    CampaignListSchema,
    CampaignSchema,
    CampaignStatsSchema,
    CreatorListSchema,
    CreatorSchema,
)
from admin_gateway.responses.packages import NEW_PACKAGE, PackageSchema
from admin_gateway.responses.serializers import build_location_header, to_page
from coupon_core.domain.models import utc_now
from coupon_core.domain.models.campaigns import Campaign, CampaignStats
from coupon_core.domain.models.creators import Creator
from coupon_core.domain.models.packages import PackageWithDefinition
from coupon_core.schemas.base import Document
from coupon_core.services import suspension
from coupon_core.services.campaigns import campaigns, packages
from coupon_core.web.blueprint import JsonBlueprint
from coupon_core.web.openapi.headers import LOCATION
from coupon_core.web.responses import no_content_response

routes = JsonBlueprint(
    "campaigns", __name__, description="Campaigns that creators promote"
)


@routes.route("", methods=["POST"])
@routes.response(201, CampaignSchema, headers=LOCATION)
@routes.arguments(CreateCampaignSchema, example=NEW_CAMPAIGN)
def create(body: dict[str, Any]) -> tuple[Campaign, dict[str, str]]:
    """Create a campaign; it needs only a name."""
    campaign = campaigns.create(
        g.principal.tenant_id, body.pop("campaign_id", None), fields=body, now=utc_now()
    )
    return campaign, build_location_header(campaign.campaign_id)


@routes.route("")
@routes.response(200, CampaignListSchema)
@routes.arguments(CampaignQuerySchema, location="query")
def list_all(query: dict[str, Any]) -> Document:
    """List campaigns, newest first."""
    return to_page(
        "campaigns", campaigns.list_campaigns(g.principal.tenant_id, **query)
    )


@routes.route("/<campaign_id>")
@routes.response(200, CampaignSchema)
def get(campaign_id: str) -> Campaign:
    """Return a campaign."""
    return campaigns.get(g.principal.tenant_id, campaign_id)


@routes.route("/<campaign_id>", methods=["PATCH"])
@routes.response(200, CampaignSchema)
@routes.arguments(UpdateCampaignSchema, example=CAMPAIGN_CHANGES)
def change(changes: dict[str, Any], campaign_id: str) -> Campaign:
    """Change a campaign. While COMPLETED or CANCELLED, none of its codes is valid.

    This holds for the codes of its packages and of its definitions. Any other status
    makes them valid again.
    """
    return campaigns.update(
        g.principal.tenant_id, campaign_id, changes=changes, now=utc_now()
    )


@routes.route("/<campaign_id>/suspend", methods=["POST"])
@routes.response(200, CampaignSchema, example=SUSPENDED_CAMPAIGN)
def suspend(campaign_id: str) -> Campaign:
    """Suspend a campaign: none of its coupons is valid until it is resumed."""
    tenant_id = g.principal.tenant_id
    return suspension.suspend(
        suspension.CAMPAIGNS, tenant_id, campaign_id, now=utc_now()
    )


@routes.route("/<campaign_id>/resume", methods=["POST"])
@routes.response(200, CampaignSchema)
def resume(campaign_id: str) -> Campaign:
    """Resume a suspended campaign: its coupons are as valid as before."""
    tenant_id = g.principal.tenant_id
    return suspension.resume(
        suspension.CAMPAIGNS, tenant_id, campaign_id, now=utc_now()
    )


@routes.route("/<campaign_id>/stats")
@routes.response(200, CampaignStatsSchema)
def stats(campaign_id: str) -> CampaignStats:
    """Return the usage of everything in a campaign, by package, creator, definition."""
    return campaigns.get_stats(g.principal.tenant_id, campaign_id)


@routes.route("/<campaign_id>/creators")
@routes.response(200, CreatorListSchema)
@routes.arguments(ListQuerySchema, location="query")
def list_creators(query: dict[str, Any], campaign_id: str) -> Document:
    """List the creators of a campaign, by name."""
    return to_page(
        "creators", campaigns.list_creators(g.principal.tenant_id, campaign_id, **query)
    )


@routes.route("/<campaign_id>/creators/<creator_key>", methods=["PUT"])
@routes.response(200, CreatorSchema)
def add_creator(campaign_id: str, creator_key: str) -> Creator:
    """Add a creator to a campaign (idempotent)."""
    return campaigns.add_creator(
        g.principal.tenant_id, campaign_id, creator_key=creator_key.upper()
    )


@routes.route("/<campaign_id>/creators/<creator_key>", methods=["DELETE"])
@routes.response(204)
def remove_creator(campaign_id: str, creator_key: str) -> Response:
    """Remove a creator. Codes already assigned remain valid until revoked."""
    campaigns.remove_creator(
        g.principal.tenant_id, campaign_id, creator_key=creator_key.upper()
    )
    return no_content_response()


@routes.route("/<campaign_id>/packages", methods=["POST"])
@routes.response(201, PackageSchema, headers=LOCATION)
@routes.arguments(CreatePackageSchema, example=NEW_PACKAGE)
def create_package(
    body: dict[str, Any], campaign_id: str
) -> tuple[PackageWithDefinition, dict[str, str]]:
    """Create a package: a definition whose codes creators distribute."""
    tenant_id = g.principal.tenant_id
    created = packages.create(tenant_id, campaign_id, fields=body, now=utc_now())
    location = f"/v1/tenants/{tenant_id}/packages/{created.package.package_id}"
    return created, {"Location": location}
