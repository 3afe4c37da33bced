"""Views of PlayCamp campaigns, creators and packages (docs/api-contracts.md 3.3)."""

from typing import Any

from flask import Response, g

from coupon_core.domain.models import Page, utc_now
from coupon_core.services.campaigns import campaigns, creators, packages
from coupon_core.web.blueprint import ErrorSchema
from query_gateway.playcamp import serializers
from query_gateway.playcamp.authentication import create_blueprint
from query_gateway.playcamp.responses import (
    list_response,
    object_response,
    page_response,
)
from query_gateway.playcamp.schemas import requests
from query_gateway.playcamp.schemas.campaigns import (
    EXAMPLE_CAMPAIGN,
    EXAMPLE_CAMPAIGN_NOT_FOUND,
    EXAMPLE_CAMPAIGN_PAGE,
    EXAMPLE_CREATOR,
    EXAMPLE_CREATOR_CODE_LIST,
    EXAMPLE_CREATOR_LIST,
    EXAMPLE_PACKAGE_LIST,
    CampaignPageSchema,
    CampaignResponseSchema,
    CreatorCodeListSchema,
    CreatorListSchema,
    CreatorResponseSchema,
    PackageListSchema,
)

MAX_PAGE = Page(limit=10_000)

# The first two are mounted twice: for game servers and for game clients.
campaigns_blueprint = create_blueprint(
    "playcamp_campaigns", "Campaigns and their creators"
)
creators_blueprint = create_blueprint("playcamp_creators", "Creators")
creator_codes_blueprint = create_blueprint(
    "playcamp_creator_coupons", "Creators' codes"
)
packages_blueprint = create_blueprint("playcamp_packages", "Packages of a campaign")


@campaigns_blueprint.route("")
@campaigns_blueprint.response(200, CampaignPageSchema, example=EXAMPLE_CAMPAIGN_PAGE)
@campaigns_blueprint.arguments(requests.PlayCampPageQuerySchema, location="query")
def list_campaigns(query: dict[str, Any]) -> Response:
    """List campaigns, newest first."""
    page = query["page"]
    found = campaigns.list_campaigns(g.principal.tenant_id, page)
    return page_response(found, page, serialize=serializers.serialize_campaign)


@campaigns_blueprint.route("/<campaign_id>")
@campaigns_blueprint.response(
    200, CampaignResponseSchema, example={"data": EXAMPLE_CAMPAIGN}
)
@campaigns_blueprint.arguments(requests.TestModeQuerySchema, location="query")
def get_campaign(query: dict[str, str], campaign_id: str) -> Response:
    """Show a campaign."""
    found = campaigns.get(g.principal.tenant_id, campaign_id)
    return object_response(serializers.serialize_campaign(found))


@campaigns_blueprint.route("/<campaign_id>/creators")
@campaigns_blueprint.response(200, CreatorListSchema, example=EXAMPLE_CREATOR_LIST)
@campaigns_blueprint.arguments(requests.TestModeQuerySchema, location="query")
def list_creators(query: dict[str, str], campaign_id: str) -> Response:
    """List the creators of a campaign by name."""
    found, _ = campaigns.list_creators(
        g.principal.tenant_id, campaign_id, page=MAX_PAGE
    )
    return list_response(found, serializers.serialize_creator)


@packages_blueprint.route("/<campaign_id>/packages")
@packages_blueprint.response(200, PackageListSchema, example=EXAMPLE_PACKAGE_LIST)
@packages_blueprint.arguments(requests.TestModeQuerySchema, location="query")
def list_packages(query: dict[str, str], campaign_id: str) -> Response:
    """List the active packages of a campaign with their limits."""
    found = packages.list_by_campaign(g.principal.tenant_id, campaign_id)
    active = [package for package in found if package.package.is_active]
    return list_response(active, serializers.serialize_package)


@creators_blueprint.route("/search")
@creators_blueprint.response(200, CreatorListSchema, example=EXAMPLE_CREATOR_LIST)
@creators_blueprint.alt_response(
    404, schema=ErrorSchema, example=EXAMPLE_CAMPAIGN_NOT_FOUND
)
@creators_blueprint.arguments(requests.SearchQuerySchema, location="query")
def search(query: dict[str, Any]) -> Response:
    """Search for creators by part of their name or key."""
    tenant_id, campaign_id = g.principal.tenant_id, query.get("campaignId")
    if campaign_id is not None:
        campaigns.get(tenant_id, campaign_id)
    keyword = query.get("keyword") or query.get("q")
    page = Page(limit=query["limit"])
    found, _ = creators.list_creators(
        tenant_id, page, keyword=keyword, campaign_id=campaign_id
    )
    return list_response(found, serializers.serialize_creator)


@creators_blueprint.route("/<creator_key>")
@creators_blueprint.response(
    200, CreatorResponseSchema, example={"data": EXAMPLE_CREATOR}
)
@creators_blueprint.arguments(requests.TestModeQuerySchema, location="query")
def get_creator(query: dict[str, str], creator_key: str) -> Response:
    """Show a creator; keys are case-insensitive."""
    found = creators.get(g.principal.tenant_id, creator_key.upper())
    return object_response(serializers.serialize_creator(found))


@creator_codes_blueprint.route("/<creator_key>/coupons")
@creator_codes_blueprint.response(
    200, CreatorCodeListSchema, example=EXAMPLE_CREATOR_CODE_LIST
)
@creator_codes_blueprint.arguments(requests.TestModeQuerySchema, location="query")
def list_codes(query: dict[str, str], creator_key: str) -> Response:
    """List a creator's codes with their status."""
    tenant_id = g.principal.tenant_id
    found, _ = creators.list_codes(
        tenant_id, creator_key.upper(), page=MAX_PAGE, now=utc_now()
    )
    return list_response(found, serializers.serialize_creator_code)
