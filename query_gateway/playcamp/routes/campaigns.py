"""PlayCamp's campaigns, creators and packages, to be read (CONTRACTS 3.3)."""

from typing import Any

from flask import Response, g

from coupon_core.domain.models import Page, utc_now
from coupon_core.services.campaigns import campaigns, creators, packages
from coupon_core.web.blueprint import Error
from query_gateway.playcamp import serializers
from query_gateway.playcamp.authentication import new_blueprint
from query_gateway.playcamp.responses import every, listed, one
from query_gateway.playcamp.schemas import campaigns as schemas
from query_gateway.playcamp.schemas import requests

ALL = Page(limit=10_000)

# Each is served to servers and to clients alike.
reading = new_blueprint("playcamp_campaigns", "Campaigns and their creators")
finding = new_blueprint("playcamp_creators", "Creators")
for_servers = new_blueprint("playcamp_creator_coupons", "Creators' codes")
for_clients = new_blueprint("playcamp_packages", "Packages of a campaign")


@reading.route("")
@reading.response(200, schemas.Campaigns, example=schemas.CAMPAIGNS)
@reading.arguments(requests.PageQuery, location="query")
def list_campaigns(query: dict[str, Any]) -> Response:
    """List campaigns, newest first."""
    page = query["page"]
    found = campaigns.listed(g.principal.tenant_id, page)
    return listed(found, page, serializers.campaign)


@reading.route("/<campaign_id>")
@reading.response(200, schemas.OneCampaign, example={"data": schemas.CAMPAIGN})
@reading.arguments(requests.TestQuery, location="query")
def get_campaign(query: dict[str, str], campaign_id: str) -> Response:
    """Show a campaign."""
    found = campaigns.get(g.principal.tenant_id, campaign_id)
    return one(serializers.campaign(found))


@reading.route("/<campaign_id>/creators")
@reading.response(200, schemas.Creators, example=schemas.CREATORS)
@reading.arguments(requests.TestQuery, location="query")
def list_creators(query: dict[str, str], campaign_id: str) -> Response:
    """List who takes part in a campaign, by name."""
    found, _ = campaigns.creators(g.principal.tenant_id, campaign_id, ALL)
    return every(found, serializers.creator)


@for_clients.route("/<campaign_id>/packages")
@for_clients.response(200, schemas.Packages, example=schemas.PACKAGES)
@for_clients.arguments(requests.TestQuery, location="query")
def list_packages(query: dict[str, str], campaign_id: str) -> Response:
    """List what the codes of a campaign grant, and their limits."""
    found = packages.of_campaign(g.principal.tenant_id, campaign_id)
    used = [one for one in found if one.package.is_active]
    return every(used, serializers.package)


@finding.route("/search")
@finding.response(200, schemas.Creators, example=schemas.CREATORS)
@finding.alt_response(404, schema=Error, example=schemas.NO_CAMPAIGN)
@finding.arguments(requests.SearchQuery, location="query")
def search(query: dict[str, Any]) -> Response:
    """Find creators by a part of their name or key."""
    tenant_id, campaign_id = g.principal.tenant_id, query.get("campaignId")
    if campaign_id is not None:
        campaigns.get(tenant_id, campaign_id)
    keyword = query.get("keyword") or query.get("q")
    page = Page(limit=query["limit"])
    found, _ = creators.listed(tenant_id, page, keyword, campaign_id)
    return every(found, serializers.creator)


@finding.route("/<creator_key>")
@finding.response(200, schemas.OneCreator, example={"data": schemas.CREATOR})
@finding.arguments(requests.TestQuery, location="query")
def get_creator(query: dict[str, str], creator_key: str) -> Response:
    """Show a creator; the key is read in any case."""
    found = creators.get(g.principal.tenant_id, creator_key.upper())
    return one(serializers.creator(found))


@for_servers.route("/<creator_key>/coupons")
@for_servers.response(200, schemas.CreatorCodes, example=schemas.CREATOR_CODES)
@for_servers.arguments(requests.TestQuery, location="query")
def list_codes(query: dict[str, str], creator_key: str) -> Response:
    """List a creator's codes and how they stand."""
    tenant_id = g.principal.tenant_id
    found, _ = creators.codes_of(tenant_id, creator_key.upper(), ALL, utc_now())
    return every(found, serializers.creator_code)
