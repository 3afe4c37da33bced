"""Routes for campaigns and their creators (docs/api-contracts.md 3.3)."""

from typing import Any

from flask import Response, g

from admin_gateway import requests
from admin_gateway.responses import campaigns as campaign_responses
from admin_gateway.responses import packages as package_responses
from admin_gateway.responses import serializers
from coupon_core.domain.models import utc_now
from coupon_core.services.campaigns import campaigns, packages
from coupon_core.web.blueprint import JsonBlueprint
from coupon_core.web.openapi.headers import LOCATION
from coupon_core.web.responses import json_response, no_content_response

routes = JsonBlueprint(
    "campaigns", __name__, description="Campaigns that creators promote"
)


@routes.route("", methods=["POST"])
@routes.response(
    201,
    campaign_responses.CampaignSchema,
    example=campaign_responses.CAMPAIGN,
    headers=LOCATION,
)
@routes.arguments(
    requests.CreateCampaignSchema, example=campaign_responses.NEW_CAMPAIGN
)
def create(body: dict[str, Any]) -> Response:
    """Create a campaign."""
    campaign_id = body.pop("campaign_id")
    campaign = campaigns.create(
        g.principal.tenant_id, campaign_id, fields=body, now=utc_now()
    )
    return serializers.created_response(
        campaign_responses.serialize_campaign(campaign), campaign_id
    )


@routes.route("")
@routes.response(
    200, campaign_responses.CampaignListSchema, example=campaign_responses.CAMPAIGNS
)
@routes.arguments(requests.CampaignQuerySchema, location="query")
def list_all(query: dict[str, Any]) -> Response:
    """List campaigns, newest first."""
    rows_and_total = campaigns.list_campaigns(g.principal.tenant_id, **query)
    return serializers.page_response(
        "campaigns", rows_and_total, campaign_responses.serialize_campaign
    )


@routes.route("/<campaign_id>")
@routes.response(
    200, campaign_responses.CampaignSchema, example=campaign_responses.CAMPAIGN
)
def get(campaign_id: str) -> Response:
    """Return a campaign."""
    campaign = campaigns.get(g.principal.tenant_id, campaign_id)
    return json_response(campaign_responses.serialize_campaign(campaign))


@routes.route("/<campaign_id>", methods=["PATCH"])
@routes.response(
    200, campaign_responses.CampaignSchema, example=campaign_responses.CAMPAIGN
)
@routes.arguments(
    requests.UpdateCampaignSchema, example=campaign_responses.CAMPAIGN_CHANGES
)
def change(changes: dict[str, Any], campaign_id: str) -> Response:
    """Change a campaign. While COMPLETED or CANCELLED, none of its codes is valid."""
    campaign = campaigns.update(
        g.principal.tenant_id, campaign_id, changes=changes, now=utc_now()
    )
    return json_response(campaign_responses.serialize_campaign(campaign))


@routes.route("/<campaign_id>/stats")
@routes.response(
    200,
    campaign_responses.CampaignStatsSchema,
    example=campaign_responses.CAMPAIGN_STATS,
)
def stats(campaign_id: str) -> Response:
    """Return the usage of a campaign's codes, by package and creator."""
    campaign_stats = campaigns.get_stats(g.principal.tenant_id, campaign_id)
    return json_response(campaign_responses.serialize_campaign_stats(campaign_stats))


@routes.route("/<campaign_id>/creators")
@routes.response(
    200, campaign_responses.CreatorListSchema, example=campaign_responses.CREATORS
)
@routes.arguments(requests.ListQuerySchema, location="query")
def list_creators(query: dict[str, Any], campaign_id: str) -> Response:
    """List the creators of a campaign, by name."""
    rows_and_total = campaigns.list_creators(
        g.principal.tenant_id, campaign_id, **query
    )
    return serializers.page_response(
        "creators", rows_and_total, campaign_responses.serialize_creator
    )


@routes.route("/<campaign_id>/creators/<creator_key>", methods=["PUT"])
@routes.response(
    200, campaign_responses.CreatorSchema, example=campaign_responses.CREATOR
)
def add_creator(campaign_id: str, creator_key: str) -> Response:
    """Add a creator to a campaign (idempotent)."""
    creator = campaigns.add_creator(
        g.principal.tenant_id, campaign_id, creator_key=creator_key.upper()
    )
    return json_response(campaign_responses.serialize_creator(creator))


@routes.route("/<campaign_id>/creators/<creator_key>", methods=["DELETE"])
@routes.response(204)
def remove_creator(campaign_id: str, creator_key: str) -> Response:
    """Remove a creator. Codes already assigned remain valid until revoked."""
    campaigns.remove_creator(
        g.principal.tenant_id, campaign_id, creator_key=creator_key.upper()
    )
    return no_content_response()


@routes.route("/<campaign_id>/packages", methods=["POST"])
@routes.response(
    201,
    package_responses.PackageSchema,
    example=package_responses.PACKAGE,
    headers=LOCATION,
)
@routes.arguments(requests.CreatePackageSchema, example=package_responses.NEW_PACKAGE)
def create_package(body: dict[str, Any], campaign_id: str) -> Response:
    """Create a package: a definition whose codes creators distribute."""
    tenant_id = g.principal.tenant_id
    created = packages.create(tenant_id, campaign_id, fields=body, now=utc_now())
    location = f"/v1/tenants/{tenant_id}/packages/{created.package.package_id}"
    return json_response(
        package_responses.serialize_package(created),
        201,
        headers={"Location": location},
    )
