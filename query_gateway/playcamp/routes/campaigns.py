"""Views of PlayCamp campaigns, creators and packages (docs/api-contracts.md 3.3)."""

from typing import Any

from flask import g

from coupon_core.domain.models import Page, utc_now
from coupon_core.schemas.base import Document
from coupon_core.services.campaigns import campaigns, creators, packages
from coupon_core.web.blueprint import ErrorSchema
from query_gateway.playcamp.authentication import create_blueprint
from query_gateway.playcamp.responses import (
    to_page,
)
from query_gateway.playcamp.schemas import requests
from query_gateway.playcamp.schemas.campaigns import (
    EXAMPLE_CAMPAIGN_NOT_FOUND,
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
@campaigns_blueprint.response(200, CampaignPageSchema)
@campaigns_blueprint.arguments(requests.PlayCampPageQuerySchema, location="query")
def list_campaigns(query: dict[str, Any]) -> Document:
    """List campaigns, newest first."""
    page = query["page"]
    found = campaigns.list_campaigns(g.principal.tenant_id, page)
    return to_page(found, page)


@campaigns_blueprint.route("/<campaign_id>")
@campaigns_blueprint.response(200, CampaignResponseSchema)
@campaigns_blueprint.arguments(requests.TestModeQuerySchema, location="query")
def get_campaign(query: dict[str, str], campaign_id: str) -> Document:
    """Show a campaign."""
    found = campaigns.get(g.principal.tenant_id, campaign_id)
    return {"data": found}


@campaigns_blueprint.route("/<campaign_id>/creators")
@campaigns_blueprint.response(200, CreatorListSchema)
@campaigns_blueprint.arguments(requests.TestModeQuerySchema, location="query")
def list_creators(query: dict[str, str], campaign_id: str) -> Document:
    """List the creators of a campaign by name."""
    found, _ = campaigns.list_creators(
        g.principal.tenant_id, campaign_id, page=MAX_PAGE
    )
    return {"data": found}


@packages_blueprint.route("/<campaign_id>/packages")
@packages_blueprint.response(200, PackageListSchema)
@packages_blueprint.arguments(requests.TestModeQuerySchema, location="query")
def list_packages(query: dict[str, str], campaign_id: str) -> Document:
    """List the active packages of a campaign with their limits."""
    found = packages.list_by_campaign(g.principal.tenant_id, campaign_id)
    active = [package for package in found if package.package.is_active]
    return {"data": active}


@creators_blueprint.route("/search")
@creators_blueprint.response(200, CreatorListSchema)
@creators_blueprint.alt_response(
    404, schema=ErrorSchema, example=EXAMPLE_CAMPAIGN_NOT_FOUND
)
@creators_blueprint.arguments(requests.SearchQuerySchema, location="query")
def search(query: dict[str, Any]) -> Document:
    """Search for creators by part of their name or key."""
    tenant_id, campaign_id = g.principal.tenant_id, query.get("campaignId")
    if campaign_id is not None:
        campaigns.get(tenant_id, campaign_id)
    keyword = query.get("keyword") or query.get("q")
    page = Page(limit=query["limit"])
    found, _ = creators.list_creators(
        tenant_id, page, keyword=keyword, campaign_id=campaign_id
    )
    return {"data": found}


@creators_blueprint.route("/<creator_key>")
@creators_blueprint.response(200, CreatorResponseSchema)
@creators_blueprint.arguments(requests.TestModeQuerySchema, location="query")
def get_creator(query: dict[str, str], creator_key: str) -> Document:
    """Show a creator; keys are case-insensitive."""
    found = creators.get(g.principal.tenant_id, creator_key.upper())
    return {"data": found}


@creator_codes_blueprint.route("/<creator_key>/coupons")
@creator_codes_blueprint.response(200, CreatorCodeListSchema)
@creator_codes_blueprint.arguments(requests.TestModeQuerySchema, location="query")
def list_codes(query: dict[str, str], creator_key: str) -> Document:
    """List a creator's codes with their status."""
    tenant_id = g.principal.tenant_id
    found, _ = creators.list_codes(
        tenant_id, creator_key.upper(), page=MAX_PAGE, now=utc_now()
    )
    return {"data": found}
